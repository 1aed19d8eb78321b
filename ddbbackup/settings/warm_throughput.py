"""The throughput that a table and its indexes are pre-warmed for. It never decreases; a higher one costs money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.model.json_value import Json, JsonObject, as_object, get_integer, get_object
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting
from ddbbackup.settings.throughput import (
    Throughput,
    Units,
    add_throughput,
    throughput_changes,
    throughput_of,
)

# Every on-demand table has it without being pre-warmed (observed on AWS).
_DEFAULT: Final = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


class WarmThroughput(Setting[Throughput]):
    name = "warm-throughput"
    title = "warm throughput"
    phase = "creation"
    describe_fields = frozenset({"WarmThroughput"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = "not recorded if it is not above that of every on-demand table (12000 reads, 4000 writes)"

    def normalize(self, response: Json) -> Throughput | None:
        return throughput_of(as_object(response), _warm)

    def note(self, response: Json) -> str:
        return "it increases the cost of the table"

    def add_to_creation(self, definition: JsonObject, desired: Throughput) -> JsonObject:
        return add_throughput(definition, "WarmThroughput", desired)

    def changes(
        self, desired: Throughput, existing: Throughput | None, target: TableFacts
    ) -> Iterator[Change]:
        return throughput_changes(
            self,
            "WarmThroughput",
            target,
            desired=desired,
            existing=existing or Throughput(),
            combine=_raised,
        )


def _warm(described: JsonObject) -> Units:
    """Empty if it is not above the default."""
    warm = get_object(described, "WarmThroughput")
    units = {name: get_integer(warm, name) or 0 for name in _DEFAULT}
    return units if any(units[name] > default for name, default in _DEFAULT.items()) else {}


def _raised(desired: Units, existing: Units) -> Units:
    """Both dimensions, none below what the table has: AWS refuses to lower one (botocore's model: WarmThroughput)."""
    current = existing or _DEFAULT
    return {name: max(units, current.get(name, 0)) for name, units in desired.items()}
