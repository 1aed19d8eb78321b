"""Restore method ``write``: every item of the backup goes into the table as a put, and the counts must close."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DataNotWhole, Refused
from ddbbackup.ports import Cloud, ObjectFacts, TableFacts
from ddbbackup.steps.permission import KEEPS, PUTS_ALL, Permission
from ddbbackup.steps.restore_source import RestoreSource
from ddbbackup.steps.step import Outcome, Wait
from ddbbackup.steps.world import World
from ddbbackup.transfer import check_keys, peek_line
from ddbbackup.transfer.model import DataFile, WriteJob, WriteResult

if TYPE_CHECKING:
    from ddbbackup.steps.restore_table import RestoreTable

log = structlog.get_logger()
Pending = Generator[Wait | Future[Any], Any, Any]

PERMISSIONS: Final = (
    Permission("s3:GetObject", "object", ("restore",)),
    Permission("dynamodb:BatchWriteItem", "target", ("restore",), PUTS_ALL),
    Permission("dynamodb:PutItem", "target", ("restore",), KEEPS),
)
_HEADS_AT_A_TIME = 16


def check_fits(world: World, source: RestoreSource, target: TableFacts) -> tuple[DataFile, ...]:
    """The data files with their sizes, once nothing speaks against the first write.

    What cannot fit is refused here: a target with other key names or types, a data file that is gone.
    Raises ``Refused`` and ``DataNotWhole``. Blocks.
    """
    _same_keys(source, target)
    heads = _heads(world, source)
    gone = [file.key for file, facts in heads if facts is None]
    if gone:
        raise DataNotWhole(
            f"{len(gone)} of {len(source.opened.files)} data files of {source.label} are missing, "
            f"first s3://{source.opened.folder.bucket}/{gone[0]}",
            hint="restore from another backup; nothing has been written",
        )
    first = next((f for f in source.opened.files if f.item_count), None)
    line = peek_line(first, world.source.objects) if first else None
    if line is not None:
        check_keys(line, target.keys)
    return tuple(replace(file, size_bytes=facts.size_bytes) for file, facts in heads if facts is not None)


def restore_by_writing(
    world: World,
    step: RestoreTable,
    source: RestoreSource,
    files: tuple[DataFile, ...],
    target: TableFacts,
    cloud: Cloud,
    directory: Path,
) -> Pending:
    """Returns the step's outcome. Raises ``DataNotWhole`` unless every item of the manifest is accounted for."""
    limits = step.restore.limits
    job = WriteJob(
        files=files,
        table=step.target,
        keys=target.keys,
        state_dir=directory,
        existing="keep" if step.restore.existing == "keep" else "overwrite",
        write_units_per_second=limits.write_units_per_second,
        workers=limits.workers,
    )
    result: WriteResult = yield world.calls.heavy(
        lambda: world.write_items(job, target=cloud, source=world.source)
    )
    _account(source, result)
    facts = {
        "backup": source.label,
        "items": source.opened.item_count,
        "written": result.written,
        "kept": result.kept,
        "size_bytes": result.size_bytes,
        "resumed_files": result.resumed_files,
        "throttled": result.throttled,
        "notes": list(source.opened.notes),
    }
    log.info(events.RESTORE_COMPLETED, **facts)
    return Outcome(step.id, step.kind, step.table, "done", facts)


def _account(source: RestoreSource, result: WriteResult) -> None:
    """Every item is written, kept or rejected, and a restore with rejected items has not restored the table."""
    expected = source.opened.item_count
    counted = result.written + result.kept + result.rejected
    if result.rejected:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in result.reasons)
        log.error(
            events.ITEMS_REJECTED,
            rejected=result.rejected,
            rejects_file=str(result.rejects_file),
            reasons=reasons,
        )
        raise DataNotWhole(
            f"{result.rejected} of {expected} items were rejected ({reasons}); "
            f"{result.written} were written and {result.kept} kept",
            hint=f"the rejected items are in {result.rejects_file}: mend and put them, then compare the table",
        )
    if counted != expected:
        raise DataNotWhole(
            f"{result.written} items were written and {result.kept} kept, but the backup holds {expected}",
            hint="verify the backup, then run the restore again with `existing: overwrite`",
        )


def _same_keys(source: RestoreSource, target: TableFacts) -> None:
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


def _heads(world: World, source: RestoreSource) -> list[tuple[DataFile, ObjectFacts | None]]:
    objects = world.source.objects

    def head(file: DataFile) -> ObjectFacts | None:
        return objects.head(file.bucket, file.key, owner=file.bucket_owner)

    with ThreadPoolExecutor(_HEADS_AT_A_TIME, thread_name_prefix="head") as pool:
        return list(zip(source.opened.files, pool.map(head, source.opened.files), strict=True))
