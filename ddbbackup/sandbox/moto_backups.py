"""On-demand backups, and RestoreTableFromBackup, in place of moto's."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.backup_rules import (
    KEPT_SECONDS,
    BackupState,
    check_delete,
    check_name,
    check_restore,
    describe,
    details,
    find,
    page,
)
from ddbbackup.sandbox.moto_changes import items_now
from ddbbackup.sandbox.moto_jobs import Timers, answered, new_job_id, overlay, plain_times, table_id
from ddbbackup.sandbox.moto_restored_tables import (
    Restorable,
    check_target,
    finish,
    make_table,
    restorable,
)
from ddbbackup.sandbox.moto_tables import created_at, table_state
from ddbbackup.sandbox.restore_rules import check_overrides, check_region
from ddbbackup.sandbox.sandbox_clock import CLOCK

_DELETE_TABLE: Final[Any] = DynamoDBBackend.delete_table


@dataclass(frozen=True, slots=True)
class Content:
    table: Restorable
    items: list[Item]


Backup = BackupState[Content]


class MotoBackups:
    """All on-demand backups of the sandbox, in the order of their creation.

    ``restored``: the ARNs of the tables that were restored from them. ``seconds`` is how long a backup or a restore
    takes. For tests: while ``timers.gate`` is cleared, neither ends.
    """

    def __init__(self, seconds: tuple[float, float]) -> None:
        self.seconds = seconds
        self.created: list[Backup] = []
        self.restored: list[str] = []
        self.timers = Timers()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Replaces moto's handlers, and its deletion of tables."""
        backups = self

        def by(work: Callable[[DynamoHandler], dict[str, Any]]) -> Callable[[DynamoHandler], ActionResult]:
            return lambda handler: answered(lambda: work(handler))

        def delete_table(backend: DynamoDBBackend, name: str) -> Table:
            table: Table = _DELETE_TABLE(backend, name)
            backups.keep_deleted(table)
            return table

        for name, work in (
            ("create_backup", self.create),
            ("describe_backup", self.describe),
            ("list_backups", self.page),
            ("delete_backup", self.delete),
            ("restore_table_from_backup", self.restore),
        ):
            setattr(DynamoHandler, name, by(work))
        setattr(DynamoDBBackend, "delete_table", delete_table)  # noqa: B010 - mypy rejects an assignment to a method

    def close(self) -> None:
        self.timers.close()

    def create(self, handler: DynamoHandler) -> dict[str, Any]:
        """BackupDetails only, with the status CREATING. The same name makes another backup."""
        request, backend = handler.body, handler.dynamodb_backend
        check_name(str(request["BackupName"]))
        arn = Arn.parse_if_arn(request["TableName"])
        name = arn.table_name if arn else request["TableName"]
        table = backend.tables.get(name)
        if table is None or overlay(table).status == "CREATING":
            raise AwsError("TableNotFoundException", f"Table not found: {name}")
        _, items = items_now(table)
        backup = _new_backup(table, str(request["BackupName"]))
        with self._lock:
            self.created.append(backup)
        self.timers.after(self._duration(), _end, backup, table, items, held=True)
        return {"BackupDetails": details(backup)}

    def describe(self, handler: DynamoHandler) -> dict[str, Any]:
        backup = self._find(handler)
        return {"BackupDescription": {**describe(backup), "BackupDetails": _details_as(backup, handler)}}

    def page(self, handler: DynamoHandler) -> dict[str, Any]:
        here = (handler.dynamodb_backend.account_id, handler.dynamodb_backend.region_name)
        known = [each for each in self.created if _place(each.table_arn) == here]
        return page(known, plain_times(handler.body))

    def delete(self, handler: DynamoHandler) -> dict[str, Any]:
        backup = self._find(handler)
        with self._lock:
            check_delete(backup)
            self.created.remove(backup)
        return {"BackupDescription": describe(backup, "DELETED")}

    def restore(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = handler.body, handler.dynamodb_backend
        check_overrides(request)
        region = check_region(request, request["BackupArn"], here=backend.region_name)
        with self._lock:
            backup = find(self._in(region, backend), request["BackupArn"], backend.account_id)
            check_target(backend, str(request["TargetTableName"]))
            content = check_restore(backup)
            summary = {"SourceBackupArn": backup.arn, "RestoreDateTime": backup.created}
            table = make_table(content.table, content.items, request, backend, summary)
            backup.restores.add(table.table_arn)
            self.restored.append(table.table_arn)
        self.timers.after(self._duration(), _end_restore, backup, table, held=True)
        return table.describe()

    def keep_deleted(self, table: Table) -> None:
        """The backup that AWS makes of a deleted table with point-in-time recovery, and that nobody can delete."""
        if table_state(table).changes is None:
            return
        backup = _new_backup(table, f"{table.name}$DeletedTableBackup")
        backup.arn = f"{backup.arn.rpartition('-')[0]}-00000000"
        backup.type, backup.expires, backup.features = "SYSTEM", backup.created + KEPT_SECONDS, {}
        backup.content = Content(restorable(table), list(table.all_items()))
        with self._lock:
            self.created.append(backup)

    def _find(self, handler: DynamoHandler) -> Backup:
        backend = handler.dynamodb_backend
        return find(self._in(backend.region_name, backend), handler.body["BackupArn"], backend.account_id)

    def _in(self, region: str, backend: DynamoDBBackend) -> list[Backup]:
        return [each for each in self.created if _place(each.table_arn) == (backend.account_id, region)]

    def _duration(self) -> float:
        return random.uniform(*self.seconds)  # noqa: S311  # not for security: AWS jobs differ in duration


def _details_as(backup: Backup, handler: DynamoHandler) -> dict[str, Any]:
    """AWS returns the ARN as it was asked for."""
    return {**details(backup), "BackupArn": handler.body["BackupArn"]}


def _place(arn: str) -> tuple[str, str]:
    parsed = Arn.parse(arn)
    return parsed.account, parsed.region


def _new_backup(table: Table, name: str) -> Backup:
    now = int(CLOCK.now() * 1000) / 1000
    description = table.describe()["TableDescription"]
    return BackupState(
        arn=str(Arn.parse(table.table_arn).below("backup", new_job_id(now))),
        name=name,
        table_name=table.name,
        table_arn=table.table_arn,
        table_id=table_id(table),
        created=now,
        source=_source(table, description),
        features=_features(table, description),
        size_bytes=description["TableSizeBytes"],
    )


def _source(table: Table, description: Mapping[str, Any]) -> dict[str, Any]:
    """SourceTableDetails."""
    named = (
        "TableName",
        "TableId",
        "TableArn",
        "TableSizeBytes",
        "KeySchema",
        "ItemCount",
        "OnDemandThroughput",
    )
    throughput = {name: description["ProvisionedThroughput"][name] for name in _CAPACITY}
    return {
        **{name: description[name] for name in named if name in description},
        "TableCreationDateTime": created_at(table),
        "ProvisionedThroughput": throughput,
        "BillingMode": table.billing_mode or "PROVISIONED",
    }


def _features(table: Table, description: Mapping[str, Any]) -> dict[str, Any]:
    """SourceTableFeatureDetails: only what is in use."""
    features: dict[str, Any] = {}
    for kind, members in (
        ("LocalSecondaryIndexes", _LOCAL),
        ("GlobalSecondaryIndexes", (*_LOCAL, "ProvisionedThroughput")),
    ):
        if description[kind]:
            features[kind] = [{name: index[name] for name in members} for index in description[kind]]
    if "StreamSpecification" in description:
        features["StreamDescription"] = description["StreamSpecification"]
    if table.ttl["TimeToLiveStatus"] == "ENABLED":
        features["TimeToLiveDescription"] = dict(table.ttl)
    if "SSEDescription" in description:
        features["SSEDescription"] = description["SSEDescription"]
    return features


_CAPACITY: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
_LOCAL: Final = ("IndexName", "KeySchema", "Projection")


def _end(backup: Backup, table: Table, before: list[Item]) -> None:
    """A backup covers an interval: of every other key, it holds what was written while it was created.

    AWS promises everything up to a minute before the request, and nothing of a minute after it (DynamoDB guide).
    """
    _, after = items_now(table)
    items = [item for item in before if not _is_late(item)] + [item for item in after if _is_late(item)]
    backup.content = Content(restorable(table), items)


def _is_late(item: Item) -> bool:
    return crc32(f"{item.hash_key} {item.range_key}".encode()) % 2 == 1


def _end_restore(backup: Backup, table: Table) -> None:
    finish(table)
    backup.restores.discard(table.table_arn)
