"""Whether the items of a backup have the key of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ddbbackup.bulk import check_keys, read_first_line
from ddbbackup.errors import Refused
from ddbbackup.ports import KeyAttribute, Objects, TableFacts
from ddbbackup.restore.data_files import DataFiles
from ddbbackup.restore.source import RestoreSource
from ddbbackup.steps.permissions import INTO_TABLES, Permission

PERMISSIONS: Final = (Permission("s3:GetObject", "object", ("restore",), INTO_TABLES),)


def key_of(description: Mapping[str, Any]) -> tuple[KeyAttribute, ...]:
    """Of a table as it was recorded."""
    types = {d["AttributeName"]: d["AttributeType"] for d in description["AttributeDefinitions"]}
    return tuple(
        KeyAttribute(k["AttributeName"], k["KeyType"], types[k["AttributeName"]])
        for k in description["KeySchema"]
    )


def refuse_other_keys(source: RestoreSource, target: TableFacts) -> None:
    """Raises ``Refused`` unless the target has the key of the recorded table; without a record nothing is known."""
    if not source.description:
        return
    types = {d["AttributeName"]: d["AttributeType"] for d in source.description["AttributeDefinitions"]}
    recorded = [(k["AttributeName"], types.get(k["AttributeName"])) for k in source.description["KeySchema"]]
    existing = [(key.name, key.type) for key in target.keys]
    if recorded != existing:
        raise Refused(
            f"the key of {target.name} is {_spell(existing)}, the key of the backed-up table {_spell(recorded)}",
            hint="restore into a table with the same key, or into a new one",
        )


def _spell(keys: list[tuple[str, Any]]) -> str:
    return " + ".join(f"{name} ({kind})" for name, kind in keys)


def refuse_other_items(
    objects: Objects, found: DataFiles, target: TableFacts | None, recorded: Mapping[str, Any]
) -> None:
    """Raises ``Refused`` if the first item of the backup does not have the key of the table. Blocks."""
    first = next((file for file in found.files if file.item_count), None)
    keys = target.keys if target is not None else key_of(recorded) if recorded else ()
    line = read_first_line(first, objects) if first is not None and keys else None
    if line is not None:
        check_keys(line, keys)
