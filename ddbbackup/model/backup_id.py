"""Backup IDs: ``20261123T140000Z-0123abcd``, the instant of the data and eight hexadecimal digits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_BACKUP_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def is_backup_id(text: str) -> bool:
    return _BACKUP_ID.fullmatch(text) is not None


def time_of_id(backup_id: str) -> datetime:
    """The instant of a backup ID, in UTC. Raises ``ValueError`` if the calendar does not have it."""
    return datetime.strptime(backup_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def first_id_at(time: datetime) -> str:
    """A text that sorts before the backup IDs of this instant (in UTC) and after those of earlier ones."""
    return f"{time:%Y%m%dT%H%M%SZ}"
