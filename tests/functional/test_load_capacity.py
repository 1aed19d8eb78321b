"""A provisioned table that a restore creates is on demand for the load, and gets its capacity at the end."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from tests.support.aws import Aws, in_order
from tests.support.calls import calls_of_sandbox
from tests.support.fault_proxy import RESET, RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "who": {"S": "w"}} for n in range(20)]
CAPACITY = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
INDEX = {
    "IndexName": "by-who",
    "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 4},
}


@pytest.fixture
def table(sandbox: Aws, name: str) -> str:
    sandbox.create_table(
        name,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=CAPACITY,
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[INDEX],
        Tags=[{"Key": "team", "Value": "sales"}],
        TableClass="STANDARD_INFREQUENT_ACCESS",
    )
    sandbox.put(name, *ITEMS)
    return name


def restoring(aws: Aws, bucket: str, name: str, **restore: Any) -> str:
    to = {"table": f"{name}-new", **restore.pop("to", {})}
    restores = {"back": {"table": name, "method": "write", **restore, "to": to}}
    return plan(aws, bucket, tables=[{"name": name}], restores=restores)


def capacities(aws: Aws, name: str) -> tuple[str, list[dict[str, int]]]:
    found = aws.dynamodb.describe_table(TableName=name)["Table"]
    throughputs = [found, *found["GlobalSecondaryIndexes"]]
    units = [
        {each: throughput["ProvisionedThroughput"][each] for each in CAPACITY} for throughput in throughputs
    ]
    return found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"), units


def test_a_provisioned_table_is_loaded_on_demand_and_ends_with_its_capacity(
    sandbox: Aws, bucket: str, table: str, program: Program
) -> None:
    program.plan(restoring(sandbox, bucket, table))
    assert program.run("backup").code == 0
    preview = program.run("preview", "restore", "back", "--output", "json")

    with calls_of_sandbox() as calls:
        done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert sandbox.items(f"{table}-new") == in_order(ITEMS)
    assert capacities(sandbox, f"{table}-new") == capacities(sandbox, table)
    assert _mode_of_creation(calls) == "PAY_PER_REQUEST"
    assert len(done.named("capacity.switched")) == 1
    (step,) = preview.report["restores"]
    assert f"give {table}-new its recorded capacity, after a load on demand" in step["actions"]


def test_as_recorded_loads_the_table_with_its_capacity(
    sandbox: Aws, bucket: str, table: str, program: Program
) -> None:
    program.plan(restoring(sandbox, bucket, table, limits={"load_capacity": "as-recorded"}))
    assert program.run("backup").code == 0

    with calls_of_sandbox() as calls:
        done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert capacities(sandbox, f"{table}-new") == capacities(sandbox, table)
    assert _mode_of_creation(calls) == "PROVISIONED"
    assert not done.named("capacity.switched")


@pytest.mark.parametrize("at", ["CreateTable", "BatchWriteItem", "UpdateTable"])
def test_a_killed_restore_still_ends_with_the_capacity_and_the_settings(
    sandbox: Aws, bucket: str, table: str, program: Program, at: str
) -> None:
    """SIGKILL after AWS has carried out a call, whose response is lost; the next run does not know it."""
    program.plan(restoring(sandbox, bucket, table))
    assert program.run("backup").code == 0
    begun = threading.Event()

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if begun.is_set():
            return RESET
        if operation == at:
            begun.set()
            return RESET_AFTER
        return None

    with FaultProxy(sandbox.url, rule) as proxy:
        there = Aws(proxy.url, sandbox.url)
        there.endpoint_urls = {**sandbox.endpoint_urls, "dynamodb": proxy.url}
        program.plan(restoring(there, bucket, table))
        process = program.start("restore", "back")
        assert begun.wait(60), process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    program.plan(restoring(sandbox, bucket, table))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert sandbox.items(f"{table}-new") == in_order(ITEMS)
    assert capacities(sandbox, f"{table}-new") == capacities(sandbox, table)
    statuses = {each["setting"]: each for each in done.report["outcomes"][0]["facts"]["settings"]}
    assert statuses["table-class"]["requested"], "a default setting of a table that the restore created"


def _mode_of_creation(calls: Any) -> str:
    (created,) = [call for call in calls if call.operation == "CreateTable"]
    return str(created.parameters["BillingMode"])
