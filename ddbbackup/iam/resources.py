"""The ARNs of the resources that permissions need, for one table entry or one restore of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import STATE_FILE, destination_root, parse_s3_uri, records_prefix, render_prefix
from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination, Plan, Restore, TableEntry


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
    condition: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What permissions are granted for: one table entry or one restore.

    ``plan`` has nothing else in it, so that the condition of a permission applies to this entry or restore alone.
    """

    plan: Plan
    place: PlaceOfPlan
    entry: TableEntry | None = None
    restore: Restore | None = None

    def resources(self, on: str) -> tuple[Resource, ...]:
        """The resources of a kind of ``permissions.On``; empty if the scope has none."""
        return tuple(dict.fromkeys(_KINDS[on](self)))

    @property
    def source_pattern(self) -> str:
        """The tables, with the wildcards of IAM. IAM has no character classes: `[ab]` becomes `?`."""
        if self.restore is not None:
            return self.restore.table
        if self.entry is None:
            return "*"
        if self.entry.name is not None:
            return self.entry.name
        return re.sub(r"\[[^\]]*\]", "?", self.entry.match) if self.entry.match is not None else "*"

    @property
    def required_restore(self) -> Restore:
        """Raises ``ValueError`` if this part is a table entry: only restores have targets."""
        if self.restore is None:
            raise ValueError("this part of the plan is no restore")
        return self.restore

    @property
    def target_pattern(self) -> str:
        restore = self.required_restore
        name = restore.target.table.replace("{table}", restore.table)
        return re.sub(r"\{[a-z]+\}", "*", name)

    @property
    def place_of_backups(self) -> PlaceOfPlan:
        """Where the backups of a restore were taken; for a table entry, where the plan runs."""
        origin = self.restore.source.origin if self.restore is not None else None
        if origin is None:
            return self.place
        place = self.place
        return replace(place, account=origin.account or place.account, region=origin.region or place.region)

    def table_arn(self) -> Arn:
        return self._table(self.place.region, self.place.account, self.source_pattern)

    def target_arn(self) -> Arn:
        to = self.required_restore.target
        account = to.account or (Arn.parse(to.assume_role.role_arn).account if to.assume_role else None)
        return self._table(to.region or self.place.region, account or self.place.account, self.target_pattern)

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
        return str(S3Location(bucket, key).arn(self.place.partition))

    def _table(self, region: str, account: str, table: str) -> Arn:
        return Arn.of_table(table, partition=self.place.partition, region=region, account=account)


def _is_from_other_export(restore: Restore) -> bool:
    return restore.source.s3_uri is not None or restore.source.export_arn is not None


def _tables(scope: Scope) -> Iterator[Resource]:
    yield Resource(str(scope.table_arn()))


def _exports(scope: Scope) -> Iterator[Resource]:
    export_arn = scope.restore.source.export_arn if scope.restore is not None else None
    yield Resource(export_arn or str(scope.table_arn().below("export", "*")))


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
    uri = scope.restore.source.s3_uri if scope.restore is not None else None
    if uri is not None:
        yield Resource(scope.s3(parse_s3_uri(uri).bucket))
    elif scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket))


def _objects(scope: Scope) -> Iterator[Resource]:
    uri = scope.restore.source.s3_uri if scope.restore is not None else None
    if uri is not None:
        folder = parse_s3_uri(uri)
        yield Resource(scope.s3(folder.bucket, f"{folder.root}*"))
    elif scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket, f"{_prefix(scope, scope.destination)}*"))


def _manifests(scope: Scope) -> Iterator[Resource]:
    uri = scope.restore.source.s3_uri if scope.restore is not None else None
    if uri is not None:
        folder = parse_s3_uri(uri)
        yield Resource(scope.s3(folder.bucket, f"{folder.root}manifest-*"))
    elif scope.destination is not None:
        prefix = _prefix(scope, scope.destination)
        yield Resource(scope.s3(scope.destination.bucket, f"{prefix}AWSDynamoDB/*/manifest-*"))


def _records(scope: Scope) -> Iterator[Resource]:
    if scope.destination is not None:
        yield Resource(
            scope.s3(
                scope.destination.bucket, _records_pattern(scope, scope.destination, scope.source_pattern)
            )
        )


def _any_objects(scope: Scope) -> Iterator[Resource]:
    if scope.destination is not None:
        yield Resource(scope.s3(scope.destination.bucket, f"{_prefix(scope, scope.destination, '*')}*"))


def _restore_states(scope: Scope) -> Iterator[Resource]:
    if scope.destination is None or scope.restore is None:
        return
    target, root = scope.target_arn(), destination_root(scope.destination.prefix)
    prefix = records_prefix(root, scope.plan.name, target.account, target.region, target.table_name)
    yield Resource(scope.s3(scope.destination.bucket, f"{prefix}{STATE_FILE}"))


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
        table=table or scope.source_pattern,
        plan=scope.plan.name,
    )


def _keys(scope: Scope) -> Iterator[Resource]:
    """Policies cannot name an alias as resource, only restrict keys to those with the alias (KMS guide: Aliases)."""
    destination = scope.destination
    key = destination.encryption.kms_key_id if destination is not None else None
    if destination is None or key is None:
        return
    account = destination.bucket_owner or scope.place.account
    resource = key if key.startswith("alias/") else f"key/{key}"
    arn = Arn.parse_if_arn(key) or Arn(scope.place.partition, "kms", "*", account, resource)
    if arn.resource.startswith("alias/"):
        any_key = replace(arn, resource="key/*")
        yield Resource(str(any_key), ("ForAnyValue:StringEquals", "kms:ResourceAliases", arn.resource))
    else:
        yield Resource(str(arn))


def _table_keys(scope: Scope) -> Iterator[Resource]:
    place = scope.place
    yield Resource(str(Arn(place.partition, "kms", place.region, place.account, "key/*")))


def _import_log(scope: Scope) -> Iterator[Resource]:
    if scope.restore is None:
        return
    group = replace(scope.target_arn(), service="logs", resource="log-group:/aws-dynamodb/imports")
    yield Resource(str(group))
    yield Resource(f"{group}:*")


def _everything(scope: Scope) -> Iterator[Resource]:
    yield Resource("*")


_KINDS: Final[dict[str, Callable[[Scope], Iterator[Resource]]]] = {
    "everything": _everything,
    "table": _tables,
    "export": _exports,
    "index": _indexes,
    "stream": _streams,
    "table-key": _table_keys,
    "target": _targets,
    "target-index": _below_targets("index"),
    "target-stream": _below_targets("stream"),
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
