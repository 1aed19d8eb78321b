"""Find the backup that ``from`` names: by its record, or an export by its ExportArn or its folder in S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from ddbbackup.archive.layout import export_folder
from ddbbackup.catalog import Location, OpenedExport, locate, open_export
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.find_point import FoundPoint, find_point, open_point
from ddbbackup.catalog.record import BackupKind, State
from ddbbackup.catalog.short_ids import choose_id
from ddbbackup.catalog.store import StoredRecord
from ddbbackup.catalog.verification import match_record
from ddbbackup.errors import Bug, DdbBackupError, NothingSelected, Refused, UsageError
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.restore_from import (
    FromBackup,
    FromExport,
    FromFolder,
    FromFolders,
    FromLatest,
    FromTime,
    Origin,
)
from ddbbackup.ports import PitrWindow
from ddbbackup.sources.backup_source import BackupSource
from ddbbackup.sources.folder_chain import open_chain
from ddbbackup.sources.folder_source import open_folder
from ddbbackup.sources.snapshot_source import SnapshotSource, restore_command
from ddbbackup.sources.wanted import WantedPoint
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import (
    BY_EXPORT_ARN,
    FROM_BACKUPS,
    FROM_EXPORTS,
    KMS_KEY,
    RESTORES,
    Permission,
)
from ddbbackup.suggestions import suggest
from ddbbackup.times import to_iso

_ORIGINS_SHOWN: Final = 10

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("restore",), FROM_BACKUPS),
    Permission("s3:ListBucket", "bucket", ("read",), RESTORES),
    Permission("s3:GetObject", "record", ("restore",), FROM_BACKUPS),
    Permission("s3:GetObject", "object", ("restore",), FROM_EXPORTS),
    Permission("s3:GetObject", "manifest", ("read",), RESTORES, note="no data files"),
    Permission("kms:Decrypt", "key", ("restore", "read"), KMS_KEY, for_aws=True),
    Permission("dynamodb:DescribeExport", "export", ("restore", "read"), BY_EXPORT_ARN),
    Permission(
        "dynamodb:DescribeContinuousBackups",
        "table",
        ("restore", "read"),
        FROM_BACKUPS,
        note="only for a hint: how far back point-in-time recovery reaches",
    ),
)


def resolve_source(context: RunContext, wanted: WantedPoint) -> BackupSource | SnapshotSource:
    """Finds the backup and reads its manifests, unless it is an on-demand backup of DynamoDB. Blocking.

    Raises ``NothingSelected`` if no backup has the ID that is asked for, or if the table has no records at all,
    ``UsageError`` if a short ID means several or a time lies in the future, ``Refused`` if the backup does not
    contain the whole table, ``DataIncomplete`` if its manifests do not match, and ``ObjectMissing``.
    """
    match wanted.source:
        case FromFolder(uri, bucket_owner):
            return _from_folder(context, wanted, uri, bucket_owner)
        case FromFolders(uris, bucket_owner):
            return _from_folders(context, uris, bucket_owner)
        case FromExport(arn):
            return _from_export(context, arn)
        case FromLatest() | FromBackup() | FromTime():
            return _from_catalog(context, wanted)
        case _:
            assert_never(wanted.source)


def _owner(context: RunContext, uri: str, bucket_owner: str | None) -> str | None:
    """The account that must own the bucket: as ``from`` says, or as the destination with this bucket does."""
    bucket = S3Location.parse(uri).bucket
    owners = (each.bucket_owner for each in context.plan.destinations.values() if each.bucket == bucket)
    return bucket_owner or next(owners, None)


def _from_folders(context: RunContext, uris: Sequence[str], bucket_owner: str | None) -> BackupSource:
    owner = _owner(context, uris[0], bucket_owner)
    base, *windows = open_chain(context.source.objects, uris, owner=owner)
    arn = base.summary.table_arn if base.summary else ""
    return BackupSource(uris[-1], base, arn, windows=tuple(windows))


def _from_folder(
    context: RunContext, wanted: WantedPoint, uri: str, bucket_owner: str | None
) -> BackupSource:
    owner = _owner(context, uri, bucket_owner)
    opened = open_folder(context.source.objects, uri, owner=owner, stop=context.stop)
    _refuse_partial(opened, uri)
    arn = opened.summary.table_arn if opened.summary else context.source.tables.arn(wanted.table)
    return BackupSource(uri, opened, arn)


def _from_export(context: RunContext, export_arn: str) -> BackupSource:
    export = context.source.exports.describe(export_arn)
    if export.status != "COMPLETED" or export.manifest_key is None:
        raise Refused(
            f"the export {export_arn} is {export.status}, not COMPLETED",
            hint="wait until the export is COMPLETED, or choose another one",
        )
    if export.filtered:
        raise Refused(
            f"the export {export_arn} has a filter, so it does not contain the whole table",
            hint="choose a full export without a filter",
        )
    folder = export_folder(export.bucket, export.manifest_key)
    opened = open_export(context.source.objects, folder, owner=export.bucket_owner)
    _refuse_partial(opened, export_arn)
    return BackupSource(export_arn, opened, export.table_arn)


def _from_catalog(context: RunContext, wanted: WantedPoint) -> BackupSource | SnapshotSource:
    """The data is expected beside its record, so that a copy or a replica of a whole vault works like the vault."""
    found = _choose_point(context, wanted)
    stored, location = found.last, found.last.location
    record = stored.record
    if record.snapshot is not None:
        return _from_snapshot(context, found)
    base, *windows = read_concurrently(lambda backup: open_backup(context, backup), found.backups)
    _refuse_partial(base, found.backups[0].record.id)
    return BackupSource(
        record.id,
        base,
        record.table.arn,
        context.catalog.description(stored),
        location.encryption,
        context.catalog.settings(stored),
        found.notes,
        origin=_other_origin(context, location),
        windows=tuple(windows),
    )


def _from_snapshot(context: RunContext, found: FoundPoint) -> SnapshotSource:
    stored = found.last
    arn = stored.record.job_arn
    if arn is None:
        raise Bug("a complete record names no on-demand backup, although it was accepted")
    return SnapshotSource(
        stored.record.id,
        arn,
        stored.record.table.arn,
        context.catalog.description(stored),
        context.catalog.settings(stored),
        found.notes,
        origin=_other_origin(context, stored.location),
    )


def open_backup(context: RunContext, stored: StoredRecord) -> OpenedExport:
    """Reads the manifests of a complete backup that AWS or a scan exported. Blocks.

    Raises ``DataIncomplete`` if the manifests are not those of the record, or of another window."""
    record, location = stored.record, stored.location
    if record.data.manifest_key is None:
        raise Bug("a complete record names no manifest, although it was accepted")
    folder = export_folder(location.bucket, location.absolute(record.data.manifest_key))
    opened = open_export(context.source.objects, folder, owner=location.bucket_owner)
    match_record(opened, record)
    return opened


def other_backup(context: RunContext, wanted: WantedPoint, backup_id: str) -> str | None:
    """The newest backup before ``backup_id`` that can be restored without any of the backups which that one needs.

    For a backup whose data turns out to be damaged: which of its chain is damaged does not matter then. Blocks.
    """
    location = _location(context, wanted)
    damaged = context.catalog.look_up(location, backup_id)
    if not isinstance(damaged, StoredRecord):
        return None
    for each in context.catalog.of_table(location, until=damaged.record.time):
        record = each.record if isinstance(each, StoredRecord) else None
        if record is None or record.state != "complete" or record.kind not in _kinds(wanted):
            continue
        if isinstance(each, StoredRecord) and set(record.chain.needs).isdisjoint(damaged.record.chain.needs):
            found = open_point(context.catalog, each)
            if isinstance(found, FoundPoint) and found.point.damage is None:
                return record.id
    return None


def _choose_point(context: RunContext, wanted: WantedPoint) -> FoundPoint:
    location = _location(context, wanted)
    if wanted.origin is not None:
        _check_origin(context, wanted, location)
    if isinstance(wanted.source, FromBackup):
        return _point_of_backup(context, wanted, location, wanted.source.id)
    before = wanted.source.time if isinstance(wanted.source, FromTime) else None
    if before is not None and before > context.clock.now():
        raise UsageError(
            f"the time {to_iso(before)} of the restore point of {wanted.table} lies in the future",
            hint="correct it, or use `latest`",
        )
    kinds = _kinds(wanted)
    found = find_point(context.catalog, location, at_or_before=before, kinds=kinds)
    if isinstance(found, FoundPoint):
        return found
    when = f" as of {to_iso(before)} or earlier" if before else ""
    other = find_point(context.catalog, location, at_or_before=before)
    if isinstance(other, FoundPoint) and wanted.snapshot:
        raise Refused(
            f"no backup of {wanted.table}{when} is an on-demand backup of DynamoDB, as `method: snapshot` needs",
            hint="use `--method auto`",
        )
    if isinstance(other, FoundPoint):
        raise Refused(
            f"all restorable backups of {wanted.table}{when} are on-demand backups of DynamoDB, whose items "
            "only AWS can read",
            hint=f"restore one into a new table with {restore_command(wanted.table, other.last.record.id)}",
        )
    if found.notes:
        others = f", and {len(found.notes) - 1} others neither" if len(found.notes) > 1 else ""
        raise Refused(
            f"no backup of {wanted.table}{when} in {location.uri} can be restored: {found.notes[0]}{others}",
            hint=f"restore what is left of one with `--from {found.damaged} --accept-incomplete`"
            if found.damaged
            else "run `ddbbackup list` to see what is wrong with each of them",
        )
    raise no_backup(context, wanted, location, when)


def _kinds(wanted: WantedPoint) -> frozenset[BackupKind]:
    return frozenset({"snapshot"}) if wanted.snapshot else frozenset({"full", "window", "scan"})


def _point_of_backup(context: RunContext, wanted: WantedPoint, location: Location, asked: str) -> FoundPoint:
    stored = context.catalog.find(location, asked) if is_backup_id(asked) else None
    if stored is None:
        of = f"of {wanted.table} in {location.uri}"
        ids = context.catalog.backup_ids(location)
        stored = context.catalog.find(location, choose_id(asked, ids, of=of)) if ids else None
        if stored is None:
            raise NothingSelected(
                f"there is no backup {asked} {of}", hint=_hint_without_backup(context, wanted, location)
            )
    backup_id = stored.record.id
    if stored.record.state == "not_whole" and wanted.accepts_incomplete:
        stored = replace(stored, record=replace(stored.record, state="complete"))
    if stored.record.state != "complete":
        raise Refused(
            f"the backup {backup_id} of {wanted.table} is {stored.record.state}, not complete",
            hint=_incomplete_hint(stored.record.state),
        )
    found = open_point(context.catalog, stored)
    if isinstance(found, FoundPoint):
        damage = found.point.damage
        notes = (f"the backup {backup_id} is damaged: {damage.reason}",) if damage is not None else ()
        return replace(found, notes=notes)
    raise Refused(
        f"the backup {backup_id} of {wanted.table} cannot be restored: {found.reason}",
        hint="choose an older backup from `ddbbackup list`",
    )


def no_backup(context: RunContext, wanted: WantedPoint, location: Location, when: str = "") -> DdbBackupError:
    """The error: ``NothingSelected`` for a table without records of any origin, which may be a misspelled one."""
    is_known = context.catalog.has_records(location) or _origins(context, wanted)
    kind = Refused if is_known else NothingSelected
    return kind(
        f"there is no complete backup of {wanted.table}{when} in {location.uri}",
        hint=_hint_without_backup(context, wanted, location),
    )


def _incomplete_hint(state: State) -> str:
    other = "choose a complete backup from `ddbbackup list`"
    return (
        f"{other}, or restore what can be proven of it with --accept-incomplete"
        if state == "not_whole"
        else other
    )


def _check_origin(context: RunContext, wanted: WantedPoint, location: Location) -> None:
    """Raises ``Refused`` with the origins that exist if the one that the restore names has no backups."""
    origins = _origins(context, wanted)
    if Origin(location.account, location.region) in origins:
        return
    known = "; ".join(map(str, origins[:_ORIGINS_SHOWN]))
    raise Refused(
        f"there are no backups of {wanted.table} from account {location.account}, region {location.region} in "
        f"{location.uri}",
        hint=f"use an origin that has backups of it: {known}"
        if known
        else "check `table`, and the destination",
    )


def _hint_without_backup(context: RunContext, wanted: WantedPoint, location: Location) -> str:
    """Names other origins, because only a restore that asks for them by name uses their backups."""
    others = [each for each in _origins(context, wanted) if each != Origin(location.account, location.region)]
    if others and wanted.origin is None:
        known = " or ".join(f"`--from {each.account}/{each.region}`" for each in others[:_ORIGINS_SHOWN])
        return f"name the account and the Region that the backups come from: {known}"
    if (oldest := _oldest_point(context, wanted, location)) is not None:
        point = oldest.point
        recovery = _recovery_hint(context, wanted)
        return f"use the oldest restore point with `--from {point.id}` (as of {to_iso(point.time)}){recovery}"
    otherwise = f"run `ddbbackup backup --only {wanted.table}` first, or `ddbbackup list` to see the backups"
    names = _tables_with_records(context, wanted, location)
    return otherwise if wanted.table in names else suggest(wanted.table, names, otherwise=otherwise)


def _tables_with_records(context: RunContext, wanted: WantedPoint, location: Location) -> list[str]:
    if wanted.destination is None:
        return []
    destination = context.plan.destinations[wanted.destination]
    identity = replace(context.source.identity, account=location.account, region=location.region)
    found = context.catalog.tables(destination, identity)
    have = read_concurrently(context.catalog.has_records, found.values())
    return [name for name, has in zip(found, have, strict=True) if has]


def _oldest_point(context: RunContext, wanted: WantedPoint, location: Location) -> FoundPoint | None:
    """For a time before it."""
    for key in context.catalog.record_keys(location):
        stored = context.catalog.read(location, key)
        if isinstance(stored, StoredRecord) and stored.record.kind in _kinds(wanted):
            found = open_point(context.catalog, stored)
            if isinstance(found, FoundPoint):
                return found
    return None


def _recovery_hint(context: RunContext, wanted: WantedPoint) -> str:
    """What makes a table of the asked time, if the table is here, and its recovery window reaches that time."""
    asked = wanted.source.time if isinstance(wanted.source, FromTime) else None
    if wanted.origin is not None or asked is None:
        return ""
    try:
        window = context.source.tables.pitr(wanted.table)
    except DdbBackupError:
        return ""
    return recovery_command(wanted.table, asked, window)


def recovery_command(table: str, asked: datetime, window: PitrWindow) -> str:
    """The end of a hint. Empty if the window does not hold the asked time."""
    if not window.enabled or window.earliest is None:
        return ""
    if asked < window.earliest or (window.latest is not None and asked > window.latest):
        return ""
    return (
        f", or run `ddbbackup restore --table {table} --to {table}-restored --method point-in-time "
        f"--from {to_iso(asked)}`"
    )


def _origins(context: RunContext, wanted: WantedPoint) -> tuple[Origin, ...]:
    if wanted.destination is None:
        return ()
    return context.catalog.origins(context.plan.destinations[wanted.destination], wanted.table)


def _other_origin(context: RunContext, location: Location) -> Origin | None:
    own = context.source.identity
    found = Origin(location.account, location.region)
    return None if found == Origin(own.account, own.region) else found


def _location(context: RunContext, wanted: WantedPoint) -> Location:
    if wanted.destination is None:
        raise Refused(
            f"the plan does not back up {wanted.table}, so it has no destination for its backups",
            hint=f"add {wanted.table} to `tables`, or restore with `from: {{s3_uri: …}}`",
        )
    destination = context.plan.destinations[wanted.destination]
    identity, origin = context.source.identity, wanted.origin
    if origin is not None:
        identity = replace(
            identity,
            account=origin.account or identity.account,
            region=origin.region or identity.region,
        )
    return locate(destination, identity, table=wanted.table, plan=context.plan.name)


def _refuse_partial(opened: OpenedExport, name: str) -> None:
    if opened.summary and opened.summary.export_type != "FULL_EXPORT":
        raise Refused(
            f"{name} is an {opened.summary.export_type}, which contains only changes",
            hint="restore a full export",
        )
