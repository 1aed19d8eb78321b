"""The throughput that a table and its indexes are pre-warmed for. It never decreases; a higher one costs money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ddbbackup.model.json_value import (
    Json,
    JsonObject,
    as_object,
    get_integer,
    get_object,
    get_objects,
    get_text,
    require_text,
)
from ddbbackup.model.table_description import billing_mode, lasting_indexes
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting
from ddbbackup.settings.throughput import (
    Throughput,
    Units,
    add_throughput,
    throughput_changes,
    throughput_of,
)

# Every on-demand table has it without being pre-warmed, and AWS refuses less (observed on AWS).
_ON_DEMAND: Final = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
_CAPACITY: Final = {"ReadUnitsPerSecond": "ReadCapacityUnits", "WriteUnitsPerSecond": "WriteCapacityUnits"}


class WarmThroughput(Setting[Throughput]):
    """The normal form has only what is above the floor, which a table has without being pre-warmed.

    The floor is that of every on-demand table, or the capacity of a provisioned one. A provisioned table keeps the
    highest capacity that it ever had as warm throughput (observed on AWS).
    """

    name = "warm-throughput"
    title = "warm throughput"
    phase = "creation"
    describe_fields = frozenset({"WarmThroughput"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = (
        "only what is above the capacity of a provisioned table, or above what every on-demand table has (12,000 "
        "reads, 4,000 writes)"
    )

    def normalize(self, response: Json) -> Throughput | None:
        description = as_object(response)
        return throughput_of(description, partial(_above_floor, billing_mode(description)))

    def note(self, response: Json) -> str:
        return "it increases the cost of the table"

    def add_to_creation(self, definition: JsonObject, desired: Throughput) -> JsonObject:
        mode = get_text(definition, "BillingMode") or "PROVISIONED"
        indexes = get_objects(definition, "GlobalSecondaryIndexes")
        raised = Throughput(
            _raised_above(_floor(mode, definition), desired.table),
            {
                name: units
                for index in indexes
                if (name := require_text(index, "IndexName")) in desired.indexes
                and (units := _raised_above(_floor(mode, index), desired.indexes[name]))
            },
        )
        return add_throughput(definition, "WarmThroughput", raised)

    def changes(
        self, desired: Throughput, existing: Throughput | None, target: TableFacts
    ) -> Iterator[Change]:
        description = target.description
        mode, indexes = billing_mode(description), lasting_indexes(description)
        current = Throughput(
            _current(mode, description),
            {require_text(index, "IndexName"): _current(mode, index) for index in indexes},
        )
        return throughput_changes(
            self, "WarmThroughput", target, desired=desired, existing=current, combine=_highest
        )


def _floor(mode: str, described: JsonObject) -> Mapping[str, int]:
    """``described`` is the description or the definition of a table or an index."""
    if mode == "PAY_PER_REQUEST":
        return _ON_DEMAND
    capacity = get_object(described, "ProvisionedThroughput")
    return {name: get_integer(capacity, member) or 0 for name, member in _CAPACITY.items()}


def _current(mode: str, described: JsonObject) -> Units:
    """At least the floor: not every server returns the warm throughput."""
    warm, floor = get_object(described, "WarmThroughput"), _floor(mode, described)
    return {name: max(get_integer(warm, name) or 0, floor[name]) for name in floor}


def _above_floor(mode: str, described: JsonObject) -> Units:
    floor = _floor(mode, described)
    return {name: units for name, units in _current(mode, described).items() if units > floor[name]}


def _highest(desired: Units, current: Units) -> Units:
    """Both dimensions, none below what the table has: AWS refuses to lower one (observed on AWS)."""
    return {name: max(desired.get(name, 0), units) for name, units in current.items()}


def _raised_above(floor: Units, desired: Units) -> Units:
    """Empty if the floor is enough."""
    raised = _highest(desired, floor)
    return raised if raised != floor else {}
