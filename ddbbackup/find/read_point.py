"""Reads the items of a restore point for somebody who looks at them or keeps them, and proves that all were read."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.bulk.item_filter import item_filter
from ddbbackup.bulk.read_items import Emit, ItemFormat, ReadJob, read_items
from ddbbackup.errors import DataIncomplete, NothingSelected, Refused
from ddbbackup.find.readable_point import ReadablePoint
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import OnProgress
from ddbbackup.plan.model import Only
from ddbbackup.ports import BulkAccess

log = structlog.get_logger()
FOLDER: Final = "reads"


def read_point(
    point: ReadablePoint,
    only: Only | None,
    item_format: ItemFormat,
    emit: Emit,
    *,
    access: BulkAccess,
    state_dir: Path,
    on_progress: OnProgress,
    stop: threading.Event,
) -> int:
    """Hands out all items, or those that ``only`` selects; returns how many. Blocking.

    Raises ``NothingSelected`` if there are none, ``DataIncomplete`` if lines are missing or are no items, ``Refused``
    if ``only`` does not fit the table, and what ``read_items`` raises.
    """
    needs_keys = bool(point.data.windows) or (only is not None and only.where is None)
    if needs_keys and not point.data.keys:
        raise Refused(
            f"no record describes the key of {point.data.table}, and its live table cannot be described",
            hint="create the table with the key schema of the backup, or use a backup with a record",
        )
    job = ReadJob(
        point.data,
        state_dir / FOLDER,
        item_filter(only, point.data.keys) if only is not None else None,
        item_format,
    )
    result = read_items(job, emit, access=access, on_progress=on_progress, stop=stop)
    log.info(
        events.ITEMS_READ,
        table=point.data.table,
        backup=point.label,
        items=result.items,
        lines=result.counts.lines,
        size_bytes=result.size_bytes,
        notes=list(point.notes),
    )
    if result.counts.lines != point.line_count:
        raise DataIncomplete(
            f"{point.label} has {counted(result.counts.lines, 'line')}, but its manifests say "
            f"{grouped(point.line_count)}",
            hint="verify the backup, then read another one",
        )
    if result.counts.invalid:
        raise DataIncomplete(
            f"{counted(result.counts.invalid, 'line')} of {point.label} that DynamoDB could not hold as an item "
            f"{agreeing(result.counts.invalid, 'was', 'were')} left out",
            hint="verify the backup with `--level items`",
        )
    if not result.items:
        what = "has no items" if only is None else f"holds no {only.label}"
        raise NothingSelected(
            f"{point.label} of {point.data.table} {what}", hint="choose an earlier restore point with --from"
        )
    return result.items
