"""What the text of ``from``, or of ``--from``, selects."""

from __future__ import annotations

from datetime import datetime

from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.plan.model import SourceSelector
from ddbbackup.times import InvalidTime, parse_time


def parse_source(text: str, *, now: datetime) -> SourceSelector:
    """``latest``, a backup ID, or a time as ``parse_time`` reads it. Raises ``InvalidTime``."""
    if text == "latest":
        return SourceSelector(latest=True)
    if is_backup_id(text):
        return SourceSelector(backup_id=text)
    if not text[:1].isdecimal():
        raise InvalidTime(
            f"{text!r} is not a backup or a time",
            hint="use `latest`, a backup ID from `ddbbackup list`, a time such as 2026-11-23T14:00:00Z, a date, "
            "or a duration ago such as 2h",
        )
    return SourceSelector(time=parse_time(text, now=now))
