"""From the kinds of resources that permissions name to ARNs, for one part of a plan."""

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
    """Where a plan runs."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Resource:
    """An ARN, or a pattern of IAM; ``condition`` narrows what an ARN cannot say."""

    arn: str
    condition: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What of a plan a permission is for: one entry of its tables, or one restore."""

    plan: Plan
    place: PlaceOfPlan
    entry: TableEntry | None = None
    restore: Restore | None = None

    def resources(self, on: str) -> tuple[Resource, ...]:
        """By the kinds of ``permission.On``; empty where this part has nothing of the kind."""
        return tuple(dict.fromkeys(_KINDS[on](self)))

    @property
    def source_pattern(self) -> str:
        """The tables of this part, as IAM writes patterns: wider than a glob where IAM has no words for it."""
        if self.restore is not None:
            return self.restore.table
        assert self.entry is not None, "a part is an entry or a restore"
        if self.entry.name is not None:
            return self.entry.name
        return re.sub(r"\[[^\]]*\]", "?", self.entry.match) if self.entry.match is not None else "*"

    @property
    def target_pattern(self) -> str:
        assert self.restore is not None, "only restores have targets"
        name = self.restore.target.table.replace("{table}", self.restore.table)
        return re.sub(r"\{[a-z]+\}", "*", name)

    def table_arn(self) -> Arn:
        return self._table(self.place.region, self.place.account, self.source_pattern)

    def target_arn(self) -> Arn:
        assert self.restore is not None, "only restores have targets"
        to = self.restore.target
        account = to.account or (Arn.parse(to.assume_role.role_arn).account if to.assume_role else None)
        return self._table(to.region or self.place.region, account or self.place.account, self.target_pattern)

    @property
    def destination(self) -> Destination | None:
        """Where this part's backups lie; None for a restore from elsewhere."""
        if self.entry is not None:
            return self.plan.destinations[self.entry.destination]
        restore = self.restore
        if restore is None or restore.destination is None or _from_elsewhere(restore):
            return None
        return self.plan.destinations[restore.destination]

    def s3(self, bucket: str, key: str = "") -> str:
        return str(S3Location(bucket, key).arn(self.place.partition))

    def _table(self, region: str, account: str, table: str) -> Arn:
        return Arn.of_table(table, partition=self.place.partition, region=region, account=account)


def _from_elsewhere(restore: Restore) -> bool:
    return restore.source.s3_uri is not None or restore.source.export_arn is not None


def _tables(part: Part) -> Iterator[Resource]:
    yield Resource(str(part.table_arn()))


def _exports(part: Part) -> Iterator[Resource]:
    named = part.restore.source.export_arn if part.restore is not None else None
    yield Resource(named or str(part.table_arn().below("export", "*")))


def _targets(part: Part) -> Iterator[Resource]:
    if part.restore is not None:
        yield Resource(str(part.target_arn()))


def _below_targets(kind: str) -> Callable[[Part], Iterator[Resource]]:
    def resources(part: Part) -> Iterator[Resource]:
        if part.restore is not None:
            yield Resource(str(part.target_arn().below(kind, "*")))

    return resources


def _indexes(part: Part) -> Iterator[Resource]:
    yield Resource(str(part.table_arn().below("index", "*")))


def _streams(part: Part) -> Iterator[Resource]:
    yield Resource(str(part.table_arn().below("stream", "*")))


def _buckets(part: Part) -> Iterator[Resource]:
    uri = part.restore.source.s3_uri if part.restore is not None else None
    if uri is not None:
        yield Resource(part.s3(parse_s3_uri(uri).bucket))
    elif part.destination is not None:
        yield Resource(part.s3(part.destination.bucket))


def _objects(part: Part) -> Iterator[Resource]:
    uri = part.restore.source.s3_uri if part.restore is not None else None
    if uri is not None:
        folder = parse_s3_uri(uri)
        yield Resource(part.s3(folder.bucket, f"{folder.root}*"))
    elif part.destination is not None:
        yield Resource(part.s3(part.destination.bucket, f"{_prefix(part, part.destination)}*"))


def _manifests(part: Part) -> Iterator[Resource]:
    uri = part.restore.source.s3_uri if part.restore is not None else None
    if uri is not None:
        folder = parse_s3_uri(uri)
        yield Resource(part.s3(folder.bucket, f"{folder.root}manifest-*"))
    elif part.destination is not None:
        prefix = _prefix(part, part.destination)
        yield Resource(part.s3(part.destination.bucket, f"{prefix}AWSDynamoDB/*/manifest-*"))


def _records(part: Part) -> Iterator[Resource]:
    if part.destination is not None:
        yield Resource(
            part.s3(part.destination.bucket, _records_of(part, part.destination, part.source_pattern))
        )


def _any_objects(part: Part) -> Iterator[Resource]:
    if part.destination is not None:
        yield Resource(part.s3(part.destination.bucket, f"{_prefix(part, part.destination, '*')}*"))


def _restore_states(part: Part) -> Iterator[Resource]:
    if part.destination is None or part.restore is None:
        return
    target, root = part.target_arn(), destination_root(part.destination.prefix)
    prefix = records_prefix(root, part.plan.name, target.account, target.region, target.table_name)
    yield Resource(part.s3(part.destination.bucket, f"{prefix}{STATE_FILE}"))


def _any_records(part: Part) -> Iterator[Resource]:
    if part.destination is not None:
        yield Resource(part.s3(part.destination.bucket, _records_of(part, part.destination, "*")))


def _records_of(part: Part, destination: Destination, table: str) -> str:
    root = destination_root(destination.prefix)
    prefix = records_prefix(root, part.plan.name, part.place.account, part.place.region)
    return f"{prefix}{table}/*" if table != "*" else f"{prefix}*"


def _prefix(part: Part, destination: Destination, table: str | None = None) -> str:
    place = part.place
    return render_prefix(
        destination.prefix,
        account=place.account,
        region=place.region,
        table=table or part.source_pattern,
        plan=part.plan.name,
    )


def _keys(part: Part) -> Iterator[Resource]:
    """An alias is no resource of IAM; its key is, by a condition on the key's aliases."""
    destination = part.destination
    key = destination.encryption.kms_key_id if destination is not None else None
    if destination is None or key is None:
        return
    account = destination.bucket_owner or part.place.account
    resource = key if key.startswith("alias/") else f"key/{key}"
    arn = Arn.parse_if_arn(key) or Arn(part.place.partition, "kms", "*", account, resource)
    if arn.resource.startswith("alias/"):
        any_key = replace(arn, resource="key/*")
        yield Resource(str(any_key), ("ForAnyValue:StringEquals", "kms:ResourceAliases", arn.resource))
    else:
        yield Resource(str(arn))


def _table_keys(part: Part) -> Iterator[Resource]:
    place = part.place
    yield Resource(str(Arn(place.partition, "kms", place.region, place.account, "key/*")))


def _import_log(part: Part) -> Iterator[Resource]:
    if part.restore is None:
        return
    group = replace(part.target_arn(), service="logs", resource="log-group:/aws-dynamodb/imports")
    yield Resource(str(group))
    yield Resource(f"{group}:*")


def _everything(part: Part) -> Iterator[Resource]:
    yield Resource("*")


_KINDS: Final[dict[str, Callable[[Part], Iterator[Resource]]]] = {
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
