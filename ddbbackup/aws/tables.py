"""The DynamoDB control plane: ListTables, DescribeTable, point-in-time recovery, CreateTable, DeleteTable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from ddbbackup.aws.error_codes import CODES
from ddbbackup.aws.error_map import code_of, translate_errors
from ddbbackup.aws.pages import PageCheck, pages_of
from ddbbackup.aws.raw_response import keep_raw_responses, merge_unknown_fields
from ddbbackup.errors import TableMissing
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Identity, KeyAttribute, PitrWindow, TableFacts
from ddbbackup.times import to_utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef


class DynamoTables:
    """Implements ``ports.Tables``."""

    def __init__(self, client: DynamoDBClient, identity: Callable[[], Identity]) -> None:
        self._client = client
        self._identity = identity
        keep_raw_responses(client, "dynamodb")

    def names(self) -> Iterator[str]:
        with translate_errors("list tables"):
            for page in pages_of(self._client, "list_tables"):
                yield from page.get("TableNames", ())

    def arn(self, name: str) -> str:
        identity = self._identity()
        return str(
            Arn.of_table(name, partition=identity.partition, region=identity.region, account=identity.account)
        )

    def describe(self, name: str) -> TableFacts:
        with self._on_table("describe table", name):
            response = self._client.describe_table(TableName=name)
        table = response["Table"]
        types = {
            each["AttributeName"]: each["AttributeType"] for each in table.get("AttributeDefinitions", ())
        }
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
            description=merge_unknown_fields(response, "Table"),
        )

    def pitr(self, name: str) -> PitrWindow:
        """Reads PointInTimeRecoveryStatus: ContinuousBackupsStatus is ENABLED for every table (observed on AWS)."""
        with self._on_table("read the point-in-time recovery of table", name):
            response = self._client.describe_continuous_backups(TableName=name)
        recovery = response["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            return PitrWindow(enabled=False)
        return PitrWindow(
            enabled=True,
            earliest=to_utc(recovery.get("EarliestRestorableDateTime")),
            latest=to_utc(recovery.get("LatestRestorableDateTime")),
            period_days=recovery.get("RecoveryPeriodInDays"),
        )

    def create(self, definition: Mapping[str, Any]) -> None:
        with translate_errors(f"create table {definition['TableName']}"):
            self._client.create_table(**cast("CreateTableInputTypeDef", dict(definition)))

    def delete(self, name: str) -> None:
        with self._on_table("delete table", name):
            self._client.delete_table(TableName=name)

    def holds_items(self, name: str) -> bool:
        """Scans until the first item: a page may be empty although later ones are not (DynamoDB API: Scan)."""
        start: dict[str, Any] = {}
        check = PageCheck("Scan")
        while True:
            with self._on_table("scan table", name):
                page = self._client.scan(
                    TableName=name, Limit=1, ConsistentRead=True, Select="COUNT", **start
                )
                check(page)
            if page["Count"]:
                return True
            if not page.get("LastEvaluatedKey"):
                return False
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    @contextmanager
    def _on_table(self, action: str, name: str) -> Iterator[None]:
        """Says where a missing table was looked for; AWS does not."""
        with translate_errors(f"{action} {name}"):
            try:
                yield
            except ClientError as error:
                translation = CODES.get(code_of(error))
                if translation is None or translation.kind is not TableMissing:
                    raise
                identity = self._identity()
                raise TableMissing(
                    f"table {name} does not exist in {identity.region} (account {identity.account})",
                    hint=translation.hint,
                ) from error
