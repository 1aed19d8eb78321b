"""The progress of a restore, as it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from ddbbackup.model.documents import MAX_INTEGER, DocumentType
from ddbbackup.times import to_utc

RESUMABLE: Final = timedelta(hours=24)
Stage = Literal["requested", "creating", "writing", "loaded", "done"]
Time = Annotated[datetime, Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreProgress:
    """How far a restore has come.

    ``stage``: creating → writing → loaded → done; requested → writing where AWS creates the table. ``requested``
    means that AWS may have received the request with ``token``, but its response is not recorded. ``table_id`` is set
    once the table exists. ``requested_time``: of a point-in-time restore; for the latest restorable time, what that
    was when it was requested. ``restore_id`` is a random text that binds the ledger to this restore; ``source`` is
    the ``ResolvedRestore.source_key``. ``created``: this restore asked AWS for the table. ``loaded`` holds the facts
    of the outcome once all data is written and only settings remain.
    """

    run: str
    restore_id: str
    source: str
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
    requested_time: str | None = None
    restored_time: str | None = None
    loaded: Mapping[str, Any] | None = None
    created: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "updated_at", to_utc(self.updated_at))


PROGRESS: Final = DocumentType(RestoreProgress)
