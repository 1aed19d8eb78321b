"""The restore points of one table, from what a survey of its records knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbbackup.model.backup_id import time_of_id

if TYPE_CHECKING:
    from ddbbackup.catalog.record import BackupKind, Record
    from ddbbackup.catalog.summary import SummarizedRecord
    from ddbbackup.retention.survey import Survey


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A restore point. Whatever was written before ``begins`` is in it, and nothing after ``reaches``.

    ``size_bytes`` and ``item_count`` are those of its own backup, None if they are not known. ``damaged``: it, or a
    backup that it needs, was found damaged.
    """

    id: str
    begins: datetime
    reaches: datetime
    kind: BackupKind
    size_bytes: int | None
    item_count: int | None
    damaged: bool = False


def known_points(survey: Survey) -> tuple[KnownPoint, ...]:
    """By time. Leaves out backups that cannot be restored."""
    found = {point.id: point for chain in survey.chains for point in _along(survey, chain)}
    return tuple(sorted(found.values(), key=lambda point: (point.reaches, point.id)))


def _along(survey: Survey, chain: tuple[str, ...]) -> Iterator[KnownPoint]:
    damaged = False
    for number, backup_id in enumerate(chain):
        kind: BackupKind = "full" if number == 0 else "window"
        stored, row = survey.records.get(backup_id), survey.summarized.get(backup_id)
        if stored is not None and stored.record.covers is not None:
            record = stored.record
            damaged = damaged or (record.verified is not None and record.verified.result == "damaged")
            yield _of_record(record, damaged)
        elif row is not None:
            damaged = damaged or row.verified == "damaged"
            yield _of_row(row, damaged)
        else:
            try:
                time = time_of_id(backup_id)
            except ValueError:
                continue  # no time of the calendar: somebody else wrote it, and nobody has read it
            yield KnownPoint(backup_id, time, time, kind, None, None, damaged)


def _of_record(record: Record, damaged: bool) -> KnownPoint:
    covers = record.covers
    if covers is None:
        raise AssertionError("the caller has looked")
    begins = covers.start if covers.kind == "interval" else covers.end
    data = record.data
    return KnownPoint(
        record.id, begins, covers.end, record.kind, data.size_bytes or 0, data.item_count, damaged
    )


def _of_row(row: SummarizedRecord, damaged: bool) -> KnownPoint:
    reaches = datetime.fromtimestamp(row.reaches, UTC)
    begins = reaches if row.kind == "window" else min(reaches, datetime.fromtimestamp(row.begins, UTC))
    return KnownPoint(row.id, begins, reaches, row.kind, row.size_bytes, row.item_count, damaged)
