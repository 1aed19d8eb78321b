"""Backup IDs: ``20261123T140000Z-0123abcd``, the instant of the data and eight hexadecimal digits.

People may shorten them: to a beginning that has at least the date, or to the digits at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_BACKUP_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_SHORT: Final = re.compile(r"[0-9]{8}(T([0-9]{0,6}|[0-9]{6}Z(-[0-9a-f]{0,7})?))?|[0-9a-f]{8}")


def is_backup_id(text: str) -> bool:
    return _BACKUP_ID.fullmatch(text) is not None


def is_short_id(text: str) -> bool:
    """Whether it can be the beginning or the end of a backup ID, and is not a whole one."""
    return _SHORT.fullmatch(text) is not None


def matching_ids(text: str, backup_ids: Iterable[str]) -> list[str]:
    """The IDs that a whole or a short ID may mean, in their order. Any other text means none."""
    if not (is_backup_id(text) or is_short_id(text)):
        return []
    return [each for each in backup_ids if each.startswith(text) or each.endswith(f"-{text}")]


def time_of_id(backup_id: str) -> datetime:
    """The instant of a backup ID, in UTC. Raises ``ValueError`` if the calendar does not have it.

    Not with ``strptime``: it holds one lock for all threads, and took most of the time that `prune` decides.
    """
    if not is_backup_id(backup_id):
        raise ValueError(backup_id)
    year, month, day = backup_id[:4], backup_id[4:6], backup_id[6:8]
    hour, minute, second = backup_id[9:11], backup_id[11:13], backup_id[13:15]
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)


def seconds_of_id(backup_id: str) -> int:
    """The instant of a backup ID in seconds since 1970. Raises ``ValueError`` as ``time_of_id`` does.

    In half its time: a summary has thousands of IDs, and many of them have the same date.
    """
    hour, minute, second = int(backup_id[9:11]), int(backup_id[11:13]), int(backup_id[13:15])
    if not is_backup_id(backup_id) or hour > 23 or minute > 59 or second > 59:
        raise ValueError(backup_id)
    return _midnight(backup_id[:8]) + hour * 3600 + minute * 60 + second


@lru_cache(maxsize=4096)
def _midnight(date: str) -> int:
    return int(datetime(int(date[:4]), int(date[4:6]), int(date[6:]), tzinfo=UTC).timestamp())


def first_id_at(time: datetime) -> str:
    """A text that sorts before the backup IDs of this instant (in UTC) and after those of earlier ones."""
    # Without strftime, which takes ten times as long: an outlook has thousands of backups to come.
    return f"{time.isoformat(timespec='seconds')[:19].replace('-', '').replace(':', '')}Z"
