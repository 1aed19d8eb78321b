"""Cells of ``status`` and ``list``: one word each, so that `awk`, `cut` and `sort` can work on the columns."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import duration, planned_duration, size
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.model.verification_result import VerificationResult

NOTHING: Final = "-"
_ZERO: Final = re.compile(r" 0[hms]$")


def text_cell(text: str | None) -> str:
    return text or NOTHING


def count_cell(number: int | None) -> str:
    """``1234567``."""
    return NOTHING if number is None else str(number)


def size_cell(size_bytes: int | None) -> str:
    """``2.1GiB``."""
    return NOTHING if size_bytes is None else size(size_bytes).replace(" ", "")


def duration_cell(seconds: float | None) -> str:
    """``3h12m``, ``1d``."""
    return NOTHING if seconds is None else _ZERO.sub("", duration(seconds)).replace(" ", "")


def planned_cell(seconds: int | None) -> str:
    """``24h``, as ``planned_duration``."""
    return NOTHING if seconds is None else planned_duration(seconds)


def time_cell(time: datetime | None) -> str:
    """``2026-11-24T09:00:00Z``, rounded up to seconds: ``--from`` with it finds the restore point of this time."""
    if time is None:
        return NOTHING
    whole = time.replace(microsecond=0)
    return to_iso(whole if whole == time else whole + timedelta(seconds=1))


def verified_cell(result: VerificationResult | None, *, failed: bool = False) -> str:
    """``checksums@2026-11-24``: the level and the date in UTC. ``items:5%@2026-11-24``: of a sample. ``failed``."""
    if failed or (result is not None and result.result == "damaged"):
        return "failed"
    if result is None:
        return NOTHING
    level = f"{result.sample.level}:{result.sample.percent:g}%" if result.sample is not None else result.level
    return f"{level}@{result.at:%Y-%m-%d}"


def running_cell(backups: tuple[str, ...]) -> str:
    """``20261124T090000Z-0badcafe+1``: the newest backup in progress, and how many others there are."""
    if not backups:
        return NOTHING
    return backups[0] + (f"+{len(backups) - 1}" if len(backups) > 1 else "")
