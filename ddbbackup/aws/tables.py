"""DynamoDB's control plane: ListTables, DescribeTable, PITR, CreateTable, DeleteTable, tags."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError

from ddbbackup.aws.faults import code_of, explained
from ddbbackup.aws.verbatim import keep_bodies, whole
from ddbbackup.errors import TableMissing
from ddbbackup.ports import Identity, KeyAttribute, PitrWindow, TableFacts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

# "Backups are being enabled" lasts up to six seconds after a table turns ACTIVE (observed on AWS).
_ENABLING_TRIES: Final = 12
_ENABLING_SECONDS: Final = 5.0


class DynamoTables:
    """Implements ``ports.Tables``."""

    def __init__(
        self,
        client: DynamoDBClient,
        identity: Callable[[], Identity],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._identity = identity
        self._sleep = sleep
        keep_bodies(client, "dynamodb")

    def names(self) -> Iterator[str]:
        with explained("list the tables"):
            for page in self._client.get_paginator("list_tables").paginate():
                yield from page.get("TableNames", ())

    def tags(self, table_arn: str) -> Mapping[str, str]:
        """Empty for a table that is gone by now."""
        tags: dict[str, str] = {}
        try:
            with explained(f"read the tags of {table_arn}"):
                paginator = self._client.get_paginator("list_tags_of_resource")
                for page in paginator.paginate(ResourceArn=table_arn):
                    tags.update({tag["Key"]: tag["Value"] for tag in page.get("Tags", ())})
        except TableMissing:
            return {}
        return tags

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

    def enable_pitr(self, name: str) -> None:
        for left in reversed(range(_ENABLING_TRIES)):
            with explained(f"enable the point-in-time recovery of {name}"):
                try:
                    self._client.update_continuous_backups(
                        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                    )
                    return
                except ClientError as error:
                    if code_of(error) != "ContinuousBackupsUnavailableException" or not left:
                        raise
            self._sleep(_ENABLING_SECONDS)

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
