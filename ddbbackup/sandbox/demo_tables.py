"""The tables of the demo: created, damaged and read through the SDK, as by any other program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import boto3

REGION: Final = "eu-west-1"
BUCKET: Final = "demo-vault"
TABLES: Final = ("table1", "table2")
# Not valid anywhere: the demo never connects to AWS.
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "demo",
    "AWS_SECRET_ACCESS_KEY": "demo",
    "AWS_DEFAULT_REGION": REGION,
}

Item = dict[str, Any]


def plan_path() -> Path:
    """``demo.yaml``: inside the package in a wheel, below ``configs`` in a checkout."""
    packaged = Path(str(files("ddbbackup").joinpath("_configs", "demo.yaml")))
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "configs" / "demo.yaml"


class DemoTables:
    """Two tables with items of every attribute type, and a bucket, in the sandbox at ``url``."""

    def __init__(self, url: str) -> None:
        session = boto3.Session("demo", "demo", region_name=REGION)
        self._dynamodb = session.client("dynamodb", endpoint_url=url)
        self._s3 = session.client("s3", endpoint_url=url)

    def create(self) -> None:
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        for name in TABLES:
            self._dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            self._dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
            for number in range(1, 51):
                self._dynamodb.put_item(TableName=name, Item=_item(number))

    def use_table1(self) -> None:
        """Adds an item, and changes another one, as an application does."""
        self._dynamodb.put_item(TableName="table1", Item=_item(51))
        self._dynamodb.put_item(TableName="table1", Item=_item(3) | {"paid": {"BOOL": True}})

    def break_table1(self) -> None:
        """Deletes one item and overwrites another."""
        self._dynamodb.delete_item(TableName="table1", Key={"id": {"S": "1"}})
        self._dynamodb.put_item(TableName="table1", Item={"id": {"S": "2"}, "title": {"S": "oops"}})

    def items(self, table: str) -> dict[str, Item]:
        """All items by id, as DynamoDB returns them, with their sets sorted: sets have no order."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {item["id"]["S"]: _sort_sets(item) for page in pages for item in page["Items"]}


def _item(number: int) -> Item:
    return {
        "id": {"S": str(number)},
        "title": {"S": f"Order {number} – größer, 注文, 🎉"},
        "price": {"N": f"{number}.99"},
        "precise": {"N": "0.12345678901234567890123456789012345678"},
        "photo": {"B": bytes(range(256))},
        "paid": {"BOOL": number % 2 == 0},
        "note": {"NULL": True},
        "empty": {"S": ""},
        "tags": {"SS": ["gift", "new"]},
        "sizes": {"NS": ["1", "2.5", "40"]},
        "keys": {"BS": [b"\x00\x01", b"\xff"]},
        "lines": {"L": [{"S": "a"}, {"N": "1"}, {"L": []}]},
        "buyer": {"M": {"name": {"S": f"Customer {number}"}, "since": {"N": "2019"}, "more": {"M": {}}}},
    }


def _sort_sets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(each) if name in ("SS", "NS", "BS") and isinstance(each, list) else _sort_sets(each)
            for name, each in value.items()
        }
    return [_sort_sets(each) for each in value] if isinstance(value, list) else value
