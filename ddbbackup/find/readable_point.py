"""A restore point whose items can be read: its data files, and the key schema of its table.

The role for restores may read all of this: ``sources`` declares the permissions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ddbbackup.bulk.point_lines import PointData
from ddbbackup.catalog import OpenedExport
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import AccessDenied, DataIncomplete, ObjectArchived, Refused, TableMissing
from ddbbackup.model.numbers import agreeing, counted
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.likely_entry import likely_entry
from ddbbackup.plan.restore_from import RestoreFrom
from ddbbackup.ports import KeyAttribute
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.data_files import DataFiles, list_data_files
from ddbbackup.sources.resolve import resolve_source
from ddbbackup.sources.snapshot_source import restore_command
from ddbbackup.sources.wanted import WantedPoint
from ddbbackup.steps.context import RunContext


@dataclass(frozen=True, slots=True)
class ReadablePoint:
    """``label`` names the restore point for people. ``line_count`` is what the manifests say."""

    label: str
    data: PointData
    line_count: int
    notes: tuple[str, ...] = ()


def find_readable_point(context: RunContext, table: str, source: RestoreFrom) -> ReadablePoint:
    """Reads the record and the manifests, and lists the data files. Blocking.

    Raises ``Refused`` if there is no such restore point or only AWS can read it, ``DataIncomplete`` if data files are
    missing, ``ObjectArchived``, and what ``resolve_source`` raises.
    """
    found = resolve_source(context, WantedPoint(table, source, destination_of(context, table)))
    if not isinstance(found, BackupSource):
        raise Refused(
            f"{found.label} is an on-demand backup of DynamoDB, whose items only AWS can read",
            hint=f"restore it into a new table with {restore_command(table, found.label)}",
        )
    listed = readable_files(
        context,
        found.opened,
        found.windows,
        found.label,
        hint="choose another restore point from `ddbbackup list`",
    )
    keys = recorded_keys(found.description) or live_keys(context, table)
    data = PointData(listed.files, keys, table, listed.windows)
    return ReadablePoint(found.label, data, found.line_count, found.notes)


def readable_files(
    context: RunContext, opened: OpenedExport, windows: Sequence[OpenedExport], label: str, *, hint: str
) -> DataFiles:
    """The data files of a backup and of the windows that follow it. Blocks.

    Raises ``DataIncomplete`` with ``hint`` if some are missing, and ``ObjectArchived``.
    """
    listed = list_data_files(context.source.objects, opened, windows)
    if listed.missing:
        raise DataIncomplete(
            f"{counted(len(listed.missing), 'data file')} of {label} {agreeing(len(listed.missing), 'is', 'are')} "
            "missing, the first is "
            f"{S3Location(listed.bucket, listed.missing[0])}",
            hint=hint,
        )
    if listed.archived is not None and listed.archived.resting:
        raise ObjectArchived(
            f"{counted(len(listed.archived.resting), 'object')} of {label} "
            f"{agreeing(len(listed.archived.resting), 'is', 'are')} archived",
            hint="retrieve them first: run a restore of it with --retrieve",
        )
    return listed


def destination_of(context: RunContext, table: str) -> str | None:
    entry = likely_entry(table, context.plan.tables)
    return entry.destination if entry is not None else next(iter(context.plan.destinations), None)


def live_keys(context: RunContext, table: str) -> tuple[KeyAttribute, ...]:
    """The key schema of the live table, empty if it cannot be described. Blocks."""
    try:
        return tuple(context.source.tables.describe(table).keys)
    except (TableMissing, AccessDenied):
        return ()
