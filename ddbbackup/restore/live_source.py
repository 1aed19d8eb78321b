"""The live table as the source of a point-in-time restore, which needs no backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ddbbackup.errors import ExportTimeInvalid, PitrDisabled, Refused, TableMissing
from ddbbackup.model.json_value import JsonObject
from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromLatest, FromTime
from ddbbackup.ports import PitrWindow, TableFacts
from ddbbackup.steps.context import RunContext
from ddbbackup.times import to_iso


@dataclass(frozen=True, slots=True)
class LiveSource:
    """``time`` None is the latest restorable time. ``label`` names the source for people."""

    label: str
    table_arn: str
    table: TableFacts
    window: PitrWindow
    time: datetime | None = None

    @property
    def description(self) -> JsonObject:
        """DescribeTable of the live table."""
        return self.table.description


def resolve_live_source(context: RunContext, restore: Restore) -> LiveSource:
    """Reads the table and its recovery window. Blocking.

    Raises ``Refused`` if the source of the restore is a backup, ``TableMissing``, ``PitrDisabled``, and
    ``ExportTimeInvalid`` for a time outside the recovery window.
    """
    requested = restore.source
    if restore.origin is not None or not isinstance(requested, FromLatest | FromTime):
        raise Refused(
            f"a point-in-time restore of {restore.table} needs a time, but `from` names a backup",
            hint="set `from` to `latest` or to a time",
        )
    tables = context.source.tables
    try:
        table = tables.describe(restore.table)
    except TableMissing as error:
        raise TableMissing(
            f"table {restore.table} does not exist, but a point-in-time restore needs the live table",
            hint="restore a backup with `method: write`",
        ) from error
    window = tables.pitr(restore.table)
    if not window.enabled:
        raise PitrDisabled(
            f"point-in-time recovery is disabled for {restore.table}, so the table has no earlier state to restore",
            hint="restore a backup with `method: write`",
        )
    time = requested.time if isinstance(requested, FromTime) else None
    if time is not None and not _contains(window, time):
        raise ExportTimeInvalid(
            f"{restore.table} cannot be restored to {to_iso(time)}: its recovery window is {to_iso(window.earliest)} "
            f"to {to_iso(window.latest)}",
            hint="choose a time inside the recovery window",
        )
    when = to_iso(time) if time is not None else "the latest restorable time"
    return LiveSource(f"{restore.table} as of {when}", table.arn, table, window, time)


def _contains(window: PitrWindow, time: datetime) -> bool:
    """In whole seconds, as AWS accepts them. A bound that AWS does not report is left for AWS to check."""
    early = window.earliest is not None and time < window.earliest.replace(microsecond=0)
    late = window.latest is not None and time > window.latest
    return not (early or late)
