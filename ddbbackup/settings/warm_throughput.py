"""What a table, and each of its indexes, is pre-warmed for. It never decreases, and raising it costs money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, index_names, refuse, update_table

# What every on-demand table has (observed on AWS): not a setting of anybody's.
_USUAL: Final = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


class WarmThroughput(Setting):
    name = "warm-throughput"
    title = "warm throughput"
    phase = "creation"
    describe_fields = frozenset({"WarmThroughput"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = (
        "it is what every on-demand table has (12000 reads, 4000 writes) or less: then it is left out"
    )

    def normalize(self, answer: Any) -> Any:
        found: dict[str, Any] = {"table": _warm(answer)} if _warm(answer) else {}
        for index in answer.get("GlobalSecondaryIndexes") or ():
            if warm := _warm(index):
                found.setdefault("indexes", {})[index["IndexName"]] = warm
        return found or None

    def note(self, answer: Any) -> str:
        return "it increases the cost of the table"

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        made = dict(definition)
        if "table" in desired:
            made["WarmThroughput"] = desired["table"]
        warm = desired.get("indexes", {})
        if warm:
            made["GlobalSecondaryIndexes"] = [
                {**index, "WarmThroughput": warm[index["IndexName"]]} if index["IndexName"] in warm else index
                for index in definition.get("GlobalSecondaryIndexes", ())
            ]
        return made

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        if "table" in desired and not _reaches(has.get("table"), desired["table"]):
            raised = _raised(has.get("table"), desired["table"])
            yield update_table("table", target, {"WarmThroughput": raised})
        for index, warm in desired.get("indexes", {}).items():
            if index not in index_names(target.description):
                raise refuse(self, f"the target has no index {index}", "add the index, then run again")
            now = has.get("indexes", {}).get(index)
            if not _reaches(now, warm):
                update = {"IndexName": index, "WarmThroughput": _raised(now, warm)}
                change = {"GlobalSecondaryIndexUpdates": [{"Update": update}]}
                yield update_table(f"index {index}", target, change)


def _warm(described: Mapping[str, Any]) -> dict[str, int] | None:
    """None for what every table has."""
    warm = described.get("WarmThroughput") or {}
    units = {name: int(warm.get(name) or 0) for name in _USUAL}
    return units if any(units[name] > usual for name, usual in _USUAL.items()) else None


def _reaches(now: Mapping[str, int] | None, desired: Mapping[str, int]) -> bool:
    return all((now or _USUAL).get(name, 0) >= units for name, units in desired.items())


def _raised(now: Mapping[str, int] | None, desired: Mapping[str, int]) -> dict[str, int]:
    return {name: max(units, (now or _USUAL).get(name, 0)) for name, units in desired.items()}
