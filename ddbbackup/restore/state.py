"""How far restores have come, in private files on this machine, so that an interrupted restore can be continued.

There is one directory for each pair of target and source. ``restore.json`` holds the progress; the bulk writer keeps
its ledger of finished files and the rejected items beside it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from ddbbackup.errors import StepFailed
from ddbbackup.model.documents import MAX_INTEGER, DocumentType, InvalidDocument, encode_document
from ddbbackup.times import to_utc

RESUMABLE: Final = timedelta(hours=24)
Stage = Literal["requested", "creating", "writing", "loaded", "done"]
Time = Annotated[datetime, Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreProgress:
    """How far a restore has come.

    ``stage``: creating → writing → loaded → done; requested → writing where AWS creates the table. ``requested``
    means that AWS may have received the request with ``token``, but its response is not recorded. ``table_id`` is set
    once the table exists. ``loaded`` holds the facts of the outcome once all data is written and only settings
    remain.
    """

    run: str
    existing: str
    stage: Stage
    updated_at: Time
    target_arn: str
    backup: str
    table_id: str | None = None
    method: str = "write"
    token: str | None = None
    job_arn: str | None = None
    attempt: Annotated[int, Meta(ge=1, le=MAX_INTEGER)] = 1
    restored_time: str | None = None
    loaded: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "updated_at", to_utc(self.updated_at))


_PROGRESS: Final = DocumentType(RestoreProgress)


class RestoreState:
    """Reads and writes ``restore.json``. Writes are atomic; only the owner can read the file."""

    def __init__(self, state_dir: Path, *, target_arn: str, source: str) -> None:
        """``source`` identifies the data that is restored: see ``ResolvedRestore.source_key``."""
        name = hashlib.sha256(f"{target_arn}\0{source}".encode()).hexdigest()[:24]
        self.directory = state_dir / "restores" / name
        self._file = self.directory / "restore.json"

    def read(self) -> RestoreProgress | None:
        """The progress of an earlier run; None if there is none, or the file is damaged."""
        try:
            return _PROGRESS.decode(self._file.read_bytes())
        except (OSError, InvalidDocument):
            return None

    def write(self, progress: RestoreProgress) -> None:
        """Raises ``StepFailed`` if the directory or the file cannot be written."""
        draft = self.directory / f"restore.json.{os.getpid()}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode_document(progress))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
        except OSError as error:
            raise StepFailed(
                f"could not write the state of the restore to {self._file}: {error.strerror}",
                hint="make the directory writable, or set DDBBACKUP_STATE_DIR to another one",
            ) from error

    def delete(self) -> None:
        """Deletes the directory, with the ledger of the bulk writer."""
        shutil.rmtree(self.directory, ignore_errors=True)


def resumable(
    earlier: RestoreProgress | None, *, run: str, existing: str, method: str, table_id: str, now: datetime
) -> bool:
    """Whether this restore can continue the one of an earlier run.

    Table, method and ``existing`` must be the same. A restore that overwrites a live table is continued only by the
    same run or within a day: otherwise it would skip items that were restored weeks ago and have changed since. A
    restore into a table that was empty can always be continued.
    """
    if earlier is None or earlier.stage not in ("writing", "loaded"):
        return False
    if (earlier.existing, earlier.method, earlier.table_id) != (existing, method, table_id):
        return False
    return existing == "fail" or earlier.run == run or now - earlier.updated_at <= RESUMABLE


def created_by(earlier: RestoreProgress | None, table_id: str) -> bool:
    """Whether an earlier run of this restore created the table, as far as it recorded its ID."""
    return (
        earlier is not None
        and earlier.stage in ("creating", "writing")
        and earlier.table_id in (None, table_id)
    )
