"""DynamoDB's control plane: ListTables, DescribeTable, PITR, CreateTable, DeleteTable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from ddbbackup.aws.error_map import explained
from ddbbackup.aws.raw_response import keep_bodies, whole
from ddbbackup.ports import Identity, KeyAttribute, PitrWindow, TableFacts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef


class DynamoTables:
    """Implements ``ports.Tables``."""

    def __init__(self, client: DynamoDBClient, identity: Callable[[], Identity]) -> None:
        self._client = client
        self._identity = identity
        keep_bodies(client, "dynamodb")

    def names(self) -> Iterator[str]:
        with explained("list the tables"):
            for page in self._client.get_paginator("list_tables").paginate():
                yield from page.get("TableNames", ())

    def arn(self, name: str) -> str:
        identity = self._identity()
        return f"arn:{identity.partition}:dynamodb:{identity.region}:{identity.account}:table/{name}"

    def describe(self, name: str) -> TableFacts:
        with explained(f"describe the table {name}"):
            answer = self._client.describe_table(TableName=name)
        table = answer["Table"]
        types = {d["AttributeName"]: d["AttributeType"] for d in table.get("AttributeDefinitions", ())}
        return TableFacts(
            name=table["TableName"],
            arn=table["TableArn"],
            table_id=table.get("TableId", ""),
            status=table["TableStatus"],
            keys=tuple(
                KeyAttribute(key["AttributeName"], key["KeyType"], types[key["AttributeName"]])
                for key in table["KeySchema"]
            ),
            item_count=table.get("ItemCount", 0),
            size_bytes=table.get("TableSizeBytes", 0),
            description=whole(answer, "Table"),
        )

    def pitr(self, name: str) -> PitrWindow:
        """By PointInTimeRecoveryStatus: ContinuousBackupsStatus is ENABLED for every table."""
        with explained(f"read the point-in-time recovery of {name}"):
            answer = self._client.describe_continuous_backups(TableName=name)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            return PitrWindow(enabled=False)
        return PitrWindow(
            enabled=True,
            earliest=_utc(recovery.get("EarliestRestorableDateTime")),
            latest=_utc(recovery.get("LatestRestorableDateTime")),
            period_days=recovery.get("RecoveryPeriodInDays"),
        )

    def create(self, definition: Mapping[str, Any]) -> None:
        with explained(f"create the table {definition['TableName']}"):
            self._client.create_table(**cast("CreateTableInputTypeDef", dict(definition)))

    def delete(self, name: str) -> None:
        with explained(f"delete the table {name}"):
            self._client.delete_table(TableName=name)

    def holds_items(self, name: str) -> bool:
        more: dict[str, Any] = {}
        while True:
            with explained(f"look whether {name} holds items"):
                page = self._client.scan(TableName=name, Limit=1, ConsistentRead=True, Select="COUNT", **more)
            if page["Count"]:
                return True
            if not page.get("LastEvaluatedKey"):
                return False
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _utc(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value is not None else None
