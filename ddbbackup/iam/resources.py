"""The ARNs of the resources that permissions need, for one table entry or one restore of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import (
    FILES,
    SUMMARY,
    destination_root,
    parse_s3_uri,
    records_prefix,
    render_prefix,
    restore_state_key,
)
from ddbbackup.iam.breadth import EXACT, Breadth
from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination, Plan, Restore, TableEntry
from ddbbackup.plan.restore_from import FromCatalog, FromExport, FromFolder, FromFolders

Condition = tuple[str, str, str]
"""Operator, key and value."""


@dataclass(frozen=True, slots=True)
class PlaceOfPlan:
    """The partition, region and account in which a plan runs."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Resource:
    """An ARN, or an ARN with wildcards; ``condition`` (operator, key, value) restricts it further."""

    arn: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What permissions are granted for: one table entry or one restore.

    ``plan`` has nothing else in it, so that the condition of a permission applies to this entry or restore alone.
    """

    plan: Plan
    place: PlaceOfPlan
    entry: TableEntry | None = None
    restore: Restore | None = None
    breadth: Breadth = EXACT

    def resources(self, on: str) -> tuple[Resource, ...]:
        """The resources of a kind of ``permissions.On``; empty if the scope has none."""
        return tuple(dict.fromkeys(_KINDS[on](self)))

    @property
    def source_pattern(self) -> str:
        """The tables by name, with the wildcards of IAM."""
        if self.restore is not None:
            return _iam_pattern(self.restore.table)
        if self.entry is None:
            return "*"
        return _iam_pattern(self.entry.name or self.entry.match or "*")

    @property
    def required_restore(self) -> Restore:
        """Raises ``ValueError`` if this part is a table entry: only restores have targets."""
        if self.restore is None:
            raise ValueError("this part of the plan is no restore")
        return self.restore

    @property
    def target_pattern(self) -> str:
        restore = self.required_restore
        name = restore.target.table.replace("{table}", _iam_pattern(restore.table))
        return re.sub(r"\{[a-z]+\}", "*", name)

    @property
    def place_of_backups(self) -> PlaceOfPlan:
        """Where the backups of a restore were taken; for a table entry, where the plan runs."""
        origin = self.restore.origin if self.restore is not None else None
        if origin is None:
            return self.place
        place = self.place
        return replace(place, account=origin.account or place.account, region=origin.region or place.region)

    def table_arn(self) -> Arn:
        return self._table(self.place.region, self.place.account, self.source_pattern)

    def target_arn(self) -> Arn:
        place = self.target_place
        return self._table(place.region, place.account, self.target_pattern)

    @property
    def target_place(self) -> PlaceOfPlan:
        to = self.required_restore.target
        account = to.account or (Arn.parse(to.assume_role.role_arn).account if to.assume_role else None)
        return replace(
            self.place, region=to.region or self.place.region, account=account or self.place.account
        )

    @property
    def source_in_keys(self) -> str:
        """The tables in the keys of objects."""
        return "*" if self.breadth.every_object else self.source_pattern

    @property
    def destination(self) -> Destination | None:
        """The destination of the backups; None for a restore from an export that the plan did not take."""
        if self.entry is not None:
            return self.plan.destinations[self.entry.destination]
        restore = self.restore
        if restore is None or restore.destination is None or _is_from_other_export(restore):
            return None
        return self.plan.destinations[restore.destination]

    def s3(self, bucket: str, key: str = "") -> str:
        return _allowed(str(S3Location(bucket, key).arn(self.place.partition)))

    def _table(self, region: str, account: str, table: str) -> Arn:
        pattern = self.breadth.table_pattern(table)
        return Arn.of_table(pattern, partition=self.place.partition, region=region, account=account)


def _iam_pattern(glob: str) -> str:
    """IAM has no character classes: `[ab]` becomes `?`."""
    return re.sub(r"\[[^\]]*\]", "?", glob)


def _allowed(arn: str) -> str:
    """Characters that a policy cannot contain become `?`, and so does `$`, which begins a variable.

    Source: IAM guide, IAM and AWS STS quotas (U+0020 to U+00FF); Policy variables.
    """
    return re.sub("[^\x20-\x7e\xa0-\xff]|[$]", "?", arn)


def _is_from_other_export(restore: Restore) -> bool:
    return not isinstance(restore.source, FromCatalog)


@dataclass(frozen=True, slots=True)
class _NamedFolder:
    """A folder that ``from`` names by ``s3_uri`` or ``s3_uris``. The data of a window lies in ``data/`` beside it."""

    bucket: str
    root: str
    window: bool = False


def _named_folders(scope: Scope) -> tuple[_NamedFolder, ...]:
    source = scope.restore.source if scope.restore is not None else None
    if isinstance(source, FromFolder):
        location = S3Location.parse(source.uri)
        key = location.key.removesuffix(SUMMARY).removesuffix(FILES).rstrip("/")
        return (_NamedFolder(location.bucket, f"{key}/"),)
    if not isinstance(source, FromFolders):
        return ()
    folders = [parse_s3_uri(uri) for uri in source.uris]
    return tuple(_NamedFolder(each.bucket, each.root, number > 0) for number, each in enumerate(folders))


def _data_beside(folder: _NamedFolder) -> str:
    return f"{folder.root.rstrip('/').rpartition('/')[0]}/data/"


def _tables(scope: Scope) -> Iterator[Resource]:
    yield Resource(str(scope.table_arn()))


def _exports(scope: Scope) -> Iterator[Resource]:
    source = scope.restore.source if scope.restore is not None else None
    any_export = str(scope.table_arn().below("export", "*"))
    yield Resource(source.arn if isinstance(source, FromExport) else any_export)


def _snapshots(scope: Scope) -> Iterator[Resource]:
    place = scope.place_of_backups
    table = replace(scope.table_arn(), region=place.region, account=place.account)
    yield Resource(str(table.below("backup", "*")))


def _targets(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        yield Resource(str(scope.target_arn()))


def _below_targets(kind: str) -> Callable[[Scope], Iterator[Resource]]:
    def resources(scope: Scope) -> Iterator[Resource]:
        if scope.restore is not None:
            yield Resource(str(scope.target_arn().below(kind, "*")))

    return resources


def _indexes(scope: Scope) -> Iterator[Resource]:
    yield Resource(str(scope.table_arn().below("index", "*")))


def _streams(scope: Scope) -> Iterator[Resource]:
    yield Resource(str(scope.table_arn().below("stream", "*")))


def _buckets(scope: Scope) -> Iterator[Resource]:
    folders = _named_folders(scope)
    for bucket in dict.fromkeys(folder.bucket for folder in folders):
        yield Resource(scope.s3(bucket))
    if not folders and scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket))


def _objects(scope: Scope) -> Iterator[Resource]:
    folders = _named_folders(scope)
    for folder in folders:
        yield Resource(scope.s3(folder.bucket, f"{folder.root}*"))
    for bucket, data in dict.fromkeys((each.bucket, _data_beside(each)) for each in folders if each.window):
        yield Resource(scope.s3(bucket, f"{data}*"))
    if not folders and scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket, f"{_prefix(scope, scope.destination)}*"))


def _manifests(scope: Scope) -> Iterator[Resource]:
    folders = _named_folders(scope)
    for folder in folders:
        yield Resource(scope.s3(folder.bucket, f"{folder.root}manifest-*"))
    if not folders and scope.destination is not None:
        prefix = _prefix(scope, scope.destination)
        yield Resource(scope.s3(scope.destination.bucket, f"{prefix}AWSDynamoDB/*/manifest-*"))


def _records(scope: Scope) -> Iterator[Resource]:
    if scope.destination is not None:
        yield Resource(
            scope.s3(
                scope.destination.bucket, _records_pattern(scope, scope.destination, scope.source_in_keys)
            )
        )


def _any_objects(scope: Scope) -> Iterator[Resource]:
    if scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket, f"{_prefix(scope, scope.destination, '*')}*"))


def _restore_states(scope: Scope) -> Iterator[Resource]:
    if scope.destination is None or scope.restore is None:
        return
    target, root = scope.target_place, destination_root(scope.destination.prefix)
    table = "*" if scope.breadth.every_object else scope.target_pattern
    key = restore_state_key(root, target.account, target.region, table)
    yield Resource(scope.s3(scope.destination.bucket, key))


def _any_records(scope: Scope) -> Iterator[Resource]:
    if scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket, _records_pattern(scope, scope.destination, "*")))


def _records_pattern(scope: Scope, destination: Destination, table: str) -> str:
    root = destination_root(destination.prefix)
    place = scope.place_of_backups
    prefix = records_prefix(root, scope.plan.name, place.account, place.region)
    return f"{prefix}{table}/*" if table != "*" else f"{prefix}*"


def _prefix(scope: Scope, destination: Destination, table: str | None = None) -> str:
    place = scope.place_of_backups
    return render_prefix(
        destination.prefix,
        account=place.account,
        region=place.region,
        table=table or scope.source_in_keys,
        plan=scope.plan.name,
    )


def _keys(scope: Scope) -> Iterator[Resource]:
    """The key of the destination, named by an ARN, or by an ID or alias in the caller's account.

    S3 looks up an ID or an alias in the account of the request, whoever owns the bucket (S3 API reference: PutObject,
    SSEKMSKeyId). No action on a key accepts an alias as its resource: a condition restricts it to the keys that have
    the alias (KMS guide: Using aliases to control access).
    """
    destination = scope.destination
    key = destination.encryption.kms_key_id if destination is not None else None
    if destination is None or key is None:
        return
    resource = key if key.startswith("alias/") else f"key/{key}"
    arn = Arn.parse_if_arn(key) or Arn(scope.place.partition, "kms", "*", scope.place.account, resource)
    if arn.resource.startswith("alias/"):
        any_key = replace(arn, resource="key/*")
        yield Resource(str(any_key), ("ForAnyValue:StringEquals", "kms:ResourceAliases", arn.resource))
    else:
        yield Resource(str(arn))


def _keys_of_tables(place: PlaceOfPlan, region: str) -> str:
    return str(Arn(place.partition, "kms", region, place.account, "key/*"))


def _table_keys(scope: Scope) -> Iterator[Resource]:
    yield Resource(_keys_of_tables(scope.place, scope.place.region))


def _table_keys_in_use(scope: Scope) -> Iterator[Resource]:
    yield Resource(_keys_of_tables(scope.place, scope.place.region), _through_dynamodb(scope.place))


def _target_keys(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        yield Resource(_keys_of_tables(scope.target_place, scope.target_place.region))


def _target_keys_in_use(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        place = scope.target_place
        yield Resource(_keys_of_tables(place, place.region), _through_dynamodb(place))


def _replicas(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        yield Resource(str(replace(scope.target_arn(), region="*")))


def _replica_keys_in_use(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        place = scope.target_place
        yield Resource(_keys_of_tables(place, "*"), _through_dynamodb(replace(place, region="*")))


def _through_dynamodb(place: PlaceOfPlan) -> Condition:
    """The request to KMS comes from DynamoDB in the region (KMS guide: kms:ViaService).

    The value ends with the domain of the partition, which is certain only for these two.
    """
    domain = "amazonaws.com" if place.partition in ("aws", "aws-us-gov") else "*"
    value = f"dynamodb.{place.region}.{domain}"
    return ("StringLike" if "*" in value else "StringEquals", "kms:ViaService", value)


def _kinesis_streams(scope: Scope) -> Iterator[Resource]:
    if scope.restore is not None:
        place = scope.target_place
        yield Resource(str(Arn(place.partition, "kinesis", place.region, place.account, "stream/*")))


def _scaling_alarms(scope: Scope) -> Iterator[Resource]:
    """Their names begin with this prefix and the resource ID (Application Auto Scaling guide: Target tracking)."""
    if scope.restore is not None:
        arn = scope.target_arn()
        yield Resource(
            str(replace(arn, service="cloudwatch", resource=f"alarm:TargetTracking-{arn.resource}*"))
        )


def _service_linked_role(service: str) -> Callable[[Scope], Iterator[Resource]]:
    """The path of the role and the condition allow only this service (IAM guide: Service-linked roles)."""

    def resources(scope: Scope) -> Iterator[Resource]:
        if scope.restore is not None:
            place = scope.target_place
            arn = Arn(place.partition, "iam", "", place.account, f"role/aws-service-role/{service}/*")
            yield Resource(str(arn), ("StringEquals", "iam:AWSServiceName", service))

    return resources


def _import_log(scope: Scope) -> Iterator[Resource]:
    """The group and its streams, which some actions name in its ARN (DynamoDB guide: Requesting a table import)."""
    if scope.restore is not None:
        group = replace(scope.target_arn(), service="logs", resource="log-group:/aws-dynamodb/imports*")
        yield Resource(str(group))


def _everything(scope: Scope) -> Iterator[Resource]:
    yield Resource("*")


_KINDS: Final[dict[str, Callable[[Scope], Iterator[Resource]]]] = {
    "everything": _everything,
    "table": _tables,
    "export": _exports,
    "snapshot": _snapshots,
    "index": _indexes,
    "stream": _streams,
    "table-key": _table_keys,
    "table-key-use": _table_keys_in_use,
    "target": _targets,
    "target-everything": _everything,
    "target-index": _below_targets("index"),
    "target-stream": _below_targets("stream"),
    "target-key": _target_keys,
    "target-key-use": _target_keys_in_use,
    "replica": _replicas,
    "replica-key-use": _replica_keys_in_use,
    "kinesis-stream": _kinesis_streams,
    "scaling-alarm": _scaling_alarms,
    "scaling-role": _service_linked_role("dynamodb.application-autoscaling.amazonaws.com"),
    "replication-role": _service_linked_role("replication.dynamodb.amazonaws.com"),
    "kinesis-role": _service_linked_role("kinesisreplication.dynamodb.amazonaws.com"),
    "insights-role": _service_linked_role("contributorinsights.dynamodb.amazonaws.com"),
    "import": _below_targets("import"),
    "bucket": _buckets,
    "manifest": _manifests,
    "object": _objects,
    "record": _records,
    "restore-state": _restore_states,
    "any-object": _any_objects,
    "any-record": _any_records,
    "key": _keys,
    "import-log": _import_log,
}
