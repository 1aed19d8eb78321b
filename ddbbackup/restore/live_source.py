"""The live table as what a point-in-time restore starts from; no export is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddbbackup.errors import ExportTimeInvalid, PitrDisabled, Refused, TableMissing
from ddbbackup.plan.model import Restore
from ddbbackup.ports import PitrWindow, TableFacts
from ddbbackup.steps.context import RunContext
from ddbbackup.times import to_iso


@dataclass(frozen=True, slots=True)
class LiveSource:
    """``time`` None is the latest restorable instant; ``description`` is that of the table as it is now."""

    label: str
    table_arn: str
    table: TableFacts
    window: PitrWindow
    time: datetime | None = None

    @property
    def description(self) -> Mapping[str, Any]:
        return self.table.description


def resolve_live(context: RunContext, restore: Restore) -> LiveSource:
    """Looks at the table and its recovery window. Blocks.

    Raises ``Refused`` for a source that is a backup, ``TableMissing``, ``PitrDisabled``, and
    ``ExportTimeInvalid`` for a time outside the window.
    """
    wanted = restore.source
    if not wanted.latest and wanted.time is None:
        raise Refused(
            f"a point-in-time restore of {restore.table} takes no backup as its source, only a time",
            hint="say `from: latest` or a time, or choose another method",
        )
    tables = context.source.tables
    try:
        table = tables.describe(restore.table)
    except TableMissing as error:
        raise TableMissing(
            f"the table {restore.table} does not exist, and a point-in-time restore needs the live table",
            hint="restore from a backup: `method: write` or `method: import`",
        ) from error
    window = tables.pitr(restore.table)
    if not window.enabled:
        raise PitrDisabled(
            f"point-in-time recovery is off for {restore.table}, so there is no past state to restore",
            hint="restore from a backup: `method: write` or `method: import`",
        )
    time = wanted.time
    if time is not None and not _inside(time, window):
        raise ExportTimeInvalid(
            f"{restore.table} cannot be restored as of {to_iso(time)}: its recovery window goes from "
            f"{to_iso(window.earliest)} to {to_iso(window.latest)}",
            hint="choose a time inside the window, `from: latest`, or restore from a backup",
        )
    when = to_iso(time) if time is not None else "the latest restorable time"
    return LiveSource(f"{restore.table} as of {when}", table.arn, table, window, time)


def _inside(time: datetime, window: PitrWindow) -> bool:
    """By whole seconds, as AWS takes them; what AWS does not tell it decides itself."""
    early = window.earliest is not None and time < window.earliest.replace(microsecond=0)
    late = window.latest is not None and time > window.latest
    return not (early or late)
