"""What the log says of records that cannot be used: whoever can write to the bucket can write thousands of them."""

from __future__ import annotations

import threading
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError

log = structlog.get_logger()

_NAMED: Final = 3


class Rejections:
    """Logs the first few records, each once, and how many there were at the end. May be called in any thread."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._changing = threading.Lock()

    def add(self, bucket: str, key: str, *, table: str, backup: str, error: DdbBackupError) -> None:
        with self._changing:
            if (bucket, key) in self._keys:
                return
            self._keys.add((bucket, key))
            is_named = len(self._keys) <= _NAMED
        if is_named:
            log.warning(events.RECORD_REJECTED, table=table, backup=backup, message=error.message)

    def conclude(self) -> None:
        """Says how many there were, if not all are named."""
        count = len(self._keys)
        if count > _NAMED:
            log.warning(
                events.RECORDS_REJECTED,
                message=f"{count} records cannot be used; the first {_NAMED} are named above",
                hint="run `ddbbackup list --state unusable` to see all of them",
            )
