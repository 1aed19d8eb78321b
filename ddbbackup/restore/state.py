"""What a restore has done so far, in a private directory, so that a killed run can be run again.

One directory per pair of target table and source. ``restore.json`` says what is under way; the bulk writer
keeps its ledger of finished files and the rejected items beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ddbbackup.times import from_iso, to_iso

RESUMABLE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Progress:
    """``stage``: creating → writing → loaded → done; where AWS makes the table, asked → writing.

    ``table_id`` is known from the moment the table is. ``asked`` means that AWS may have been asked for the job
    with ``token``, or for the table, but its answer has not been written down. ``loaded`` holds the counts once
    all data is in the table and only settings are left.
    """

    run: str
    existing: str
    stage: str
    updated_at: str
    target_arn: str
    backup: str
    table_id: str | None = None
    method: str = "write"
    token: str | None = None
    job_arn: str | None = None
    attempt: int = 1
    restored_time: str | None = None
    loaded: Mapping[str, Any] | None = None


class RestoreState:
    """Reads and writes ``restore.json``; every write is atomic and private."""

    def __init__(self, state_dir: Path, *, target_arn: str, backup_root: str) -> None:
        name = hashlib.sha256(f"{target_arn}\0{backup_root}".encode()).hexdigest()[:24]
        self.directory = state_dir / "restores" / name
        self._file = self.directory / "restore.json"

    def read(self) -> Progress | None:
        """What an earlier run left, or None if there is nothing that can be read."""
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
            return Progress(**document)
        except (OSError, ValueError, TypeError):
            return None

    def write(self, progress: Progress) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.directory / f"restore.json.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(progress), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)

    def forget(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def resumable(
    left: Progress | None, *, run: str, existing: str, method: str, table_id: str, now: datetime
) -> bool:
    """Whether what an earlier run left behind is a part of the restore that is wanted now.

    It must be of the same incarnation of the table, the same method and the same ``existing``. What overwrote
    a live table is only continued by the same run or within a day, so that "put every item" never skips what
    was put weeks ago; a restore into a table that was empty is continued whenever.
    """
    if left is None or left.stage not in ("writing", "loaded"):
        return False
    if (left.existing, left.method, left.table_id) != (existing, method, table_id):
        return False
    return existing == "fail" or left.run == run or now - from_iso(left.updated_at) <= RESUMABLE


def created_by(left: Progress | None, table_id: str) -> bool:
    """Whether an earlier run of this restore created the table, as far as it could still note its id."""
    return left is not None and left.stage in ("creating", "writing") and left.table_id in (None, table_id)


def mark(
    state: RestoreState, before: Progress | None, *, stage: str, now: datetime, **members: Any
) -> Progress:
    """Writes the next stage on top of what was known."""
    known = asdict(before) if before else {}
    progress = Progress(**{**known, **members, "stage": stage, "updated_at": to_iso(now)})
    state.write(progress)
    return progress
