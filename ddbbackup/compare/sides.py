"""The two sides of a comparison: a restore point whose data can be read, and a live table with the same key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ddbbackup.bulk.compare import CompareJob
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import DataIncomplete, ObjectArchived, Refused
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.data_files import list_data_files
from ddbbackup.sources.resolve import resolve_source
from ddbbackup.sources.snapshot_source import restore_command
from ddbbackup.sources.wanted import WantedPoint
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import CUSTOMER_KEY, RESTORES, Permission, use_of_key
from ddbbackup.steps.target_place import target_place

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "target", ("restore",), RESTORES),
    Permission("dynamodb:Scan", "target", ("restore",), RESTORES, note="`diff` reads the live table"),
    *use_of_key("target-key-use", ("restore",), RESTORES, note=CUSTOMER_KEY),
)


@dataclass(frozen=True, slots=True)
class Sides:
    """``cloud`` is AWS in the account and region of the live table."""

    backup: BackupSource
    table: TableFacts
    cloud: Cloud
    job: CompareJob


def open_sides(context: RunContext, restore: Restore, table: str) -> Sides:
    """Reads manifests and descriptions, no item. Blocking.

    Raises what resolving the source raises, ``TableMissing``, ``Refused`` if the two cannot be compared,
    ``DataIncomplete`` if a data file is missing, and ``ObjectArchived``.
    """
    backup = resolve_source(context, WantedPoint.by(restore))
    if not isinstance(backup, BackupSource):
        raise Refused(
            f"{backup.label} is an on-demand backup of DynamoDB, whose items only AWS can read",
            hint=f"restore it into a new table with {restore_command(restore.table, backup.label)}, or name another "
            "restore point with --from",
        )
    cloud = context.source.at(target_place(restore))
    live = cloud.tables.describe(table)
    keys = recorded_keys(backup.description)
    if keys and keys != live.keys:
        raise Refused(
            f"the key schema of {table} is not that of the table that was backed up, so they cannot be compared",
            hint="name a table with the same key schema with --to",
        )
    files = list_data_files(context.source.objects, backup.opened, backup.windows)
    if files.missing:
        raise DataIncomplete(
            f"{counted(len(files.missing), 'data file')} of {backup.label} "
            f"{agreeing(len(files.missing), 'is', 'are')} missing, the first is "
            f"{S3Location(files.bucket, files.missing[0])}",
            hint="name another restore point with --from",
        )
    if files.archived is not None and files.archived.objects:
        raise ObjectArchived(
            f"{grouped(len(files.archived.objects))} of {counted(files.archived.total, 'object')} of {backup.label} "
            f"{agreeing(len(files.archived.objects), 'is', 'are')} archived and cannot be read "
            f"({files.archived.tiers})",
            hint=f"run `ddbbackup restore {restore.name} --retrieve standard` first",
        )
    job = CompareJob(
        point=PointData(files.files, live.keys, table, files.windows),
        table=table,
        keys=live.keys,
        directory=context.state_dir / "comparisons",
        live_items=live.item_count,
        live_bytes=live.size_bytes,
        read_units_per_second=restore.limits.read_units_per_second,
        processes=restore.limits.workers,
    )
    return Sides(backup, live, cloud, job)
