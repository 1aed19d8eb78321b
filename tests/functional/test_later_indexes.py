"""Global secondary indexes that are created after the data, and items that an index does not take."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from ddbbackup.sandbox import moto_tables
from tests.support.aws import Aws, in_order
from tests.support.fault_proxy import RESET, RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "who": {"S": "w"}, "day": {"N": str(n)}} for n in range(20)]
STRAY: Item = {"id": {"S": "stray"}, "who": {"N": "7"}, "day": {"N": "1"}}


def index(name: str, key: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


INDEXES = [index("by-who", "who"), index("by-day", "day")]
KEYS = [{"AttributeName": "who", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "N"}]


@pytest.fixture
def table(sandbox: Aws, name: str) -> str:
    """A table that got its indexes after its data, with one item that an index leaves out."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS, STRAY)
    for each, key in zip(INDEXES, KEYS, strict=True):
        creation = {"AttributeDefinitions": [key], "GlobalSecondaryIndexUpdates": [{"Create": each}]}
        sandbox.dynamodb.update_table(TableName=name, **creation)
        while any(found["IndexStatus"] != "ACTIVE" for found in indexes_of(sandbox, name)):
            pass
    return name


def indexes_of(aws: Aws, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.dynamodb.describe_table(TableName=name)["Table"][
        "GlobalSecondaryIndexes"
    ]
    return found


def described(aws: Aws, name: str) -> list[Any]:
    return sorted(
        ([each["IndexName"], each["KeySchema"], each["Projection"]] for each in indexes_of(aws, name)),
        key=str,
    )


def restoring(aws: Aws, bucket: str, name: str, **restore: Any) -> str:
    to = {"table": f"{name}-new", **restore.pop("to", {})}
    restores = {"back": {"table": name, "method": "write", **restore, "to": to}}
    return plan(aws, bucket, tables=[{"name": name}], restores=restores)


def found_by_index(aws: Aws, name: str) -> set[str]:
    items = aws.call("Scan", {"TableName": name, "IndexName": "by-who"})["Items"]
    return {item["id"]["S"] for item in items}


@pytest.mark.parametrize("method", ["write", "import"])
def test_an_item_that_an_index_does_not_take_fails_the_restore_and_the_message_names_the_key(
    sandbox: Aws, bucket: str, table: str, program: Program, method: str
) -> None:
    """Exit code 65. The hint names `to.indexes: after-load`, which restores every item."""
    program.plan(restoring(sandbox, bucket, table, method=method))
    assert program.run("backup").code == 0

    failed = program.run("restore", "back", "--output", "json")

    assert failed.code == 65, failed.out
    assert "`who` of index by-who must be S and not empty" in failed.error["message"]
    assert "`to.indexes: after-load`" in failed.error["hint"]
    if method == "write":
        assert "Type mismatch for Index Key" in failed.error["message"]
        assert "by-day" not in failed.error["message"]

    new = f"{table}-later"
    program.plan(restoring(sandbox, bucket, table, method=method, to={"table": new, "indexes": "after-load"}))
    preview = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert sandbox.items(new) == in_order([*ITEMS, STRAY])
    assert described(sandbox, new) == described(sandbox, table)
    assert found_by_index(sandbox, new) == {str(n) for n in range(20)}
    added = [(event["index"], event["done"], event["total"]) for event in done.named("index.added")]
    assert added == [("by-who", 1, 2), ("by-day", 2, 2)]
    (step,) = preview.report["restores"]
    assert f"add index by-who, index by-day to {new}, one at a time" in step["actions"]
    assert any("8 to 17 minutes" in note for note in step["notes"])
    assert {each["setting"]: each["verdict"] for each in step["facts"]["settings"]}["indexes"] == "same"


def test_a_killed_restore_continues_with_the_next_index(
    sandbox: Aws, bucket: str, table: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL while AWS fills the first index. No item is written again, and no index is created twice."""
    monkeypatch.setattr(moto_tables, "INDEX_SECONDS", 3.0)
    program.plan(restoring(sandbox, bucket, table, to={"indexes": "after-load"}))
    assert program.run("backup").code == 0
    begun = threading.Event()

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if begun.is_set():
            return RESET
        if operation == "UpdateTable":
            begun.set()
            return RESET_AFTER
        return None

    with FaultProxy(sandbox.url, rule) as proxy:
        there = Aws(proxy.url, sandbox.url)
        there.endpoint_urls = {**sandbox.endpoint_urls, "dynamodb": proxy.url}
        program.plan(restoring(there, bucket, table, to={"indexes": "after-load"}))
        process = program.start("restore", "back")
        assert begun.wait(60), process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    program.plan(restoring(sandbox, bucket, table, to={"indexes": "after-load"}))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert described(sandbox, f"{table}-new") == described(sandbox, table)
    assert [event["index"] for event in done.named("index.added")] == ["by-day"]
    assert not done.named("restore.started")
    assert sandbox.items(f"{table}-new") == in_order([*ITEMS, STRAY])


def test_indexes_of_a_provisioned_table_get_their_capacity(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """And the warm throughput that the plan requests, as if they were created with the table."""
    capacity = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
    warm = {"ReadUnitsPerSecond": 50, "WriteUnitsPerSecond": 20}
    sandbox.create_table(
        name,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=capacity,
        AttributeDefinitions=KEYS,
        GlobalSecondaryIndexes=[
            {**each, "ProvisionedThroughput": capacity, "WarmThroughput": warm} for each in INDEXES
        ],
    )
    sandbox.put(name, *ITEMS)
    to = {"indexes": "after-load", "settings": ["warm-throughput"]}
    limits = {"load_capacity": "as-recorded"}
    program.plan(restoring(sandbox, bucket, name, to=to, limits=limits))
    assert program.run("backup").code == 0

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    before, after = (
        sorted(indexes_of(sandbox, each), key=lambda found: str(found["IndexName"]))
        for each in (name, f"{name}-new")
    )
    assert after == before
    assert _status(done, "indexes") == "unchanged"


def _status(done: Result, setting: str) -> str:
    settings = done.report["outcomes"][0]["facts"]["settings"]
    return str({each["setting"]: each["status"] for each in settings}[setting])


def test_a_table_that_exists_gets_the_indexes_that_it_lacks(
    sandbox: Aws, bucket: str, table: str, program: Program
) -> None:
    """Only if the plan says `after-load`; indexes that it has stay as they are."""
    other = {**index("by-who", "who"), "Projection": {"ProjectionType": "ALL"}}
    sandbox.create_table(f"{table}-new", AttributeDefinitions=KEYS[:1], GlobalSecondaryIndexes=[other])
    sandbox.dynamodb.delete_item(TableName=table, Key={"id": STRAY["id"]})
    for to, expected in (({}, ["by-who"]), ({"indexes": "after-load"}, ["by-day", "by-who"])):
        program.plan(restoring(sandbox, bucket, table, existing="overwrite", to=to))
        assert program.run("backup").code == 0
        done = program.run("restore", "back", "--yes", "--output", "json")
        assert done.code == 0, done.out
        assert sorted(each["IndexName"] for each in indexes_of(sandbox, f"{table}-new")) == expected
        kept = {each["IndexName"]: each["Projection"] for each in indexes_of(sandbox, f"{table}-new")}
        assert kept["by-who"] == {"ProjectionType": "ALL"}
