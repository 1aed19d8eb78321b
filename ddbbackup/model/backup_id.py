"""Backup IDs: ``20261123T140000Z-0123abcd``, the instant of the data and eight hexadecimal digits."""

from __future__ import annotations

import re
from typing import Final

_BACKUP_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def is_backup_id(text: str) -> bool:
    return _BACKUP_ID.fullmatch(text) is not None
