"""Verifying the data of one backup within a run: for new backups, and again later."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final

from ddbbackup.catalog import Record, RecordedData, RecordedVerification, StoredRecord
from ddbbackup.catalog.record import Level
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.catalog.verification import Thoroughness, Verification, verify_export
from ddbbackup.errors import Refused
from ddbbackup.model.json_value import JsonObject
from ddbbackup.steps.context import RunContext

_FOLDER: Final = "verifications"
LEVELS: Final[tuple[Level, ...]] = ("listing", "checksums", "items")
# S3 answers a request in about 0.1 s, and 32 are on the way. One core hashes and inflates about 150 MB of compressed
# data a second, or checks 200,000 items (docs/benchmarks.md); the network may be slower.
_PAGE_KEYS: Final = 1000
_PAGES_PER_SECOND: Final = 200
_BYTES_PER_SECOND: Final = 150_000_000
_ITEMS_PER_SECOND: Final = 200_000


async def verify_data_of(
    context: RunContext,
    stored: StoredRecord,
    record: Record,
    *,
    level: Level,
    sample_percent: float | None = None,
) -> Verification:
    """``record`` is what is to be verified, ``stored`` where it lies. Raises what ``verify_export`` raises."""
    keys = recorded_keys(await context.call(context.catalog.description, stored)) if level == "items" else ()
    if level == "items" and not keys:
        raise Refused(
            f"the record {record.id} does not describe the key of its table, so its items cannot be checked",
            hint="verify the backup with `--level checksums`",
        )
    thoroughness = Thoroughness(
        level=level,
        sample_percent=sample_percent,
        keys=keys,
        directory=_directory(context, f"{record.id}-{level}"),
    )
    return await context.heavy(
        verify_export,
        context.source.objects,
        record,
        stored.location,
        thoroughness,
        read_data=partial(context.verify_data, source=context.source),
        on_progress=context.on_progress,
        stop=context.stop,
    )


def recorded_result(context: RunContext, verification: Verification) -> RecordedVerification:
    """For the record of a backup that is whole."""
    return RecordedVerification(
        level=verification.level,
        at=context.clock.now(),
        result="ok",
        sample=verification.sample,
        checks=verification.checks,
        notes=verification.notes,
    )


def verification_seconds(
    level: Level, *, items: int | None, files: int | None, size_bytes: int | None, cores: int
) -> float | None:
    """An estimate; None if it depends on what is not known. ``size_bytes`` is the compressed size."""
    if level == "listing":
        return None if files is None else 1 + files / _PAGE_KEYS / _PAGES_PER_SECOND
    if level == "checksums":
        return None if size_bytes is None else 1 + size_bytes / (_BYTES_PER_SECOND * cores)
    return None if items is None else 2 + items / (_ITEMS_PER_SECOND * cores)


def estimated_verifications(data: RecordedData) -> JsonObject:
    """What each level takes with as much data, in seconds; None if it is not known."""
    cores = os.cpu_count() or 1
    estimates: dict[str, int | None] = {}
    for level in LEVELS:
        seconds = verification_seconds(
            level, items=data.item_count, files=data.file_count, size_bytes=data.size_bytes, cores=cores
        )
        estimates[level] = None if seconds is None else round(seconds)
    return estimates


def _directory(context: RunContext, name: str) -> Path | None:
    """None if the state directory cannot be used: then an interrupted verification begins again."""
    try:
        return context.state_dir / _FOLDER / name
    except Refused:
        return None
