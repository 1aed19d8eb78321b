"""What a restore method is given and what it gives back; each has a file of its own, ``restore_<method>.py``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from ddbbackup import events
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.state import RestoreState
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """One restore on its way: what is wanted, what was found, and what an earlier run left."""

    context: RunContext
    restore: Restore
    target: str
    found: ResolvedRestore
    state: RestoreState

    @property
    def cloud(self) -> Cloud:
        """AWS where the target is."""
        return self.found.cloud


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The target once all data is in it. ``facts`` are for the report: flat, printable, without item data."""

    table: TableFacts
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestoreMethod:
    """``load`` returns ``LoadResult``, or raises: ``DataNotWhole`` unless every item is accounted for.

    ``makes_table``: AWS makes the target itself, so it must not exist. ``from_live``: the data comes from the
    live table, not from a backup. ``experimental`` says why, in a sentence, or is empty.
    """

    load: Callable[[RestoreJob], Awaitable[LoadResult]]
    makes_table: bool = False
    from_live: bool = False
    experimental: str = ""


def tell_start(job: RestoreJob, *, method: str, resumed: bool, notes: list[str]) -> None:
    """One event that says what begins, or goes on, to happen to the target."""
    opened = job.found.backup.opened if job.found.backup else None
    log.info(
        events.RESTORE_RESUMED if resumed else events.RESTORE_STARTED,
        backup=job.found.label,
        method=method,
        items=opened.item_count if opened else None,
        files=len(opened.files) if opened else None,
        target=job.target,
        notes=notes,
    )
