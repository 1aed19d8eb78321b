"""Whether a backup fits a table: every data file is there, and the items have the table's key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from ddbbackup.bulk import check_keys, peek_line
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import DataNotWhole, Refused
from ddbbackup.ports import ObjectFacts, TableFacts
from ddbbackup.restore.source import RestoreSource
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import INTO_TABLES, Permission

PERMISSIONS: Final = (Permission("s3:GetObject", "object", ("restore",), INTO_TABLES),)
_HEADS_AT_A_TIME = 16


def check_fits(context: RunContext, source: RestoreSource, target: TableFacts) -> tuple[DataFile, ...]:
    """The data files with their sizes, once nothing speaks against the first write.

    What cannot fit is refused here: a target with other key names or types, a data file that is gone.
    Raises ``Refused`` and ``DataNotWhole``. Blocks.
    """
    refuse_other_keys(source, target)
    heads = _heads(context, source)
    gone = [file.key for file, facts in heads if facts is None]
    if gone:
        raise DataNotWhole(
            f"{len(gone)} of {len(source.opened.files)} data files of {source.label} are missing, "
            f"first s3://{source.opened.folder.bucket}/{gone[0]}",
            hint="restore from another backup; nothing has been written",
        )
    first = next((f for f in source.opened.files if f.item_count), None)
    line = peek_line(first, context.source.objects) if first else None
    if line is not None:
        check_keys(line, target.keys)
    return tuple(replace(file, size_bytes=facts.size_bytes) for file, facts in heads if facts is not None)


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


def _heads(context: RunContext, source: RestoreSource) -> list[tuple[DataFile, ObjectFacts | None]]:
    objects = context.source.objects

    def head(file: DataFile) -> ObjectFacts | None:
        return objects.head(file.bucket, file.key, owner=file.bucket_owner)

    with ThreadPoolExecutor(_HEADS_AT_A_TIME, thread_name_prefix="head") as pool:
        return list(zip(source.opened.files, pool.map(head, source.opened.files), strict=True))
