"""A limit or a reservation of request units of a table and of each of its global secondary indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ddbbackup.model.json_value import JsonObject, get_objects, require_text
from ddbbackup.model.table_description import index_names, lasting_indexes
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import AnySetting, Change, refusal, update_table

Units: TypeAlias = Mapping[str, int]
"""Such as ``{"MaxReadRequestUnits": 100}``."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """``table`` is empty if only indexes have the setting; ``indexes`` has only those that have it."""

    table: Units = field(default_factory=dict)
    indexes: Mapping[str, Units] = field(default_factory=dict)


def throughput_of(description: JsonObject, units: Callable[[JsonObject], Units]) -> Throughput | None:
    """``units`` returns those of a table's or an index's description, or nothing."""
    table = units(description)
    indexes = {
        require_text(index, "IndexName"): units(index)
        for index in lasting_indexes(description)
        if units(index)
    }
    return Throughput(table, indexes) if table or indexes else None


def add_throughput(definition: JsonObject, member: str, throughput: Throughput) -> JsonObject:
    """The input of CreateTable with ``member`` set for the table and the indexes."""
    added = {**definition, **({member: throughput.table} if throughput.table else {})}
    if throughput.indexes:
        added["GlobalSecondaryIndexes"] = [
            {**index, member: throughput.indexes[name]}
            if (name := require_text(index, "IndexName")) in throughput.indexes
            else index
            for index in get_objects(definition, "GlobalSecondaryIndexes")
        ]
    return added


def throughput_changes(
    setting: AnySetting,
    member: str,
    target: TableFacts,
    *,
    desired: Throughput,
    existing: Throughput,
    combine: Callable[[Units, Units], Units],
) -> Iterator[Change]:
    """One UpdateTable for the table and for each index that differs.

    ``combine(desired, existing)`` returns the units to set. Raises ``Refused`` at the first index that the target
    does not have.
    """
    if desired.table and (units := combine(desired.table, existing.table)) != existing.table:
        yield update_table("table", target, {member: units})
    for index, wanted in desired.indexes.items():
        if index not in index_names(target.description):
            raise refusal(
                setting, f"the target has no index {index}", "add the index, then run the restore again"
            )
        current = existing.indexes.get(index, {})
        if (units := combine(wanted, current)) != current:
            update: JsonObject = {"IndexName": index, member: units}
            yield update_table(
                f"index {index}", target, {"GlobalSecondaryIndexUpdates": [{"Update": update}]}
            )
