"""The tables of the demo: created, damaged and read through the SDK, as by any other program."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
        create_buckets(self._s3, {BUCKET: ()})
        create_tables(self._dynamodb, {name: {} for name in TABLES})

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


def create_for_plan(
    url: str,
    region: str,
    buckets: Mapping[str, Collection[str]],
    tables: Mapping[str, Mapping[str, str]],
    *,
    on_table: Callable[[int], None],
) -> None:
    """Creates what a plan expects to exist: its buckets, as it requires them, and tables with their tags.

    ``on_table`` is called with the number of tables that exist, from 1.
    """
    session = boto3.Session("demo", "demo", region_name=region)
    create_buckets(session.client("s3", endpoint_url=url), buckets)
    create_tables(session.client("dynamodb", endpoint_url=url), tables, on_table=on_table)


def create_buckets(s3: Any, buckets: Mapping[str, Collection[str]]) -> None:
    """``buckets`` by name, each with the words of ``destinations.*.require``."""
    region = s3.meta.region_name
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    for name, required in buckets.items():
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket="object_lock" in required, **place)
        if "object_lock" in required:
            rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
            s3.put_object_lock_configuration(
                Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
            )
        if "versioning" in required:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        # S3 does so in every new bucket since April 2023; the emulation does not.
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))


def create_tables(
    dynamodb: Any,
    tables: Mapping[str, Mapping[str, str]],
    *,
    on_table: Callable[[int], None] = lambda _: None,
) -> None:
    """``tables`` by name with their tags. They have point-in-time recovery, and 50 items of every attribute type."""
    for count, (name, tags) in enumerate(tables.items(), start=1):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        for number in range(1, 51):
            dynamodb.put_item(TableName=name, Item=_item(number))
        on_table(count)


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
