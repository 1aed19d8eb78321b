"""Words that several parts of the page share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ddbbackup.report.documents.overview import DayState, RetentionOutlook
from ddbbackup.report.formatting import count, size
from ddbbackup.report.phrases import about

STATES: Final[Mapping[DayState, str]] = {
    "met": "RPO met",
    "late": "RPO broken for a part of the day",
    "missed": "RPO broken all day",
    "thinned": "unknown: thinned by retention",
    "none": "no restore point",
}
LATE: Final = ("unrestorable", "never", "stale")
"""The states of tables without a restore point within the RPO."""


def minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def stored(size_bytes: int, unsized: int) -> str:
    """``≥ 1.5 MiB`` if the size of some backups is not known."""
    return f"{'≥ ' if unsized else ''}{size(size_bytes)}"


def monthly(usd: float, *, unverified: bool, incomplete: bool) -> str:
    """``≈ $0.40*``: dollars without their unit; the star and the question mark are those of ``money``."""
    return f"{about(usd)}{'*' if unverified else ''}{' + ?' if incomplete else ''}"


def removal(outlook: RetentionOutlook) -> str:
    span = ""
    if outlook.oldest is not None and outlook.newest is not None:
        first, last = f"{outlook.oldest:%Y-%m-%d}", f"{outlook.newest:%Y-%m-%d}"
        span = f", of {first}" if first == last else f", of {first} to {last}"
    every = outlook.keeps + outlook.removes
    return f"{count(outlook.removes)} of {count(every)}, {size(outlook.removes_bytes)}{span}"
