"""``method: scan``: between servers that cannot export, interrupted and taken up, seen in every verb."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from ddbbackup.times import from_iso
from tests.support import servers
from tests.support.aws import Aws, Item
from tests.support.every_type import every_type
from tests.support.plans import plan
from tests.support.program import Program

SERVERS = ("dynalite", "dynoxide", "ministack", "moto")


@pytest.fixture(scope="module")
def everywhere(sandbox: Aws) -> Iterator[Mapping[str, Aws]]:
    """Four servers, all with the S3 of ministack."""
    with ExitStack() as stack:
        s3 = stack.enter_context(servers.ministack())
        urls = {
            "ministack": s3,
            "moto": sandbox.url,
            "dynalite": stack.enter_context(servers.dynalite()),
            "dynoxide": stack.enter_context(servers.dynoxide()),
        }
        yield {name: Aws(url, s3) for name, url in urls.items()}


@pytest.fixture
def source(everywhere: Mapping[str, Aws], request: pytest.FixtureRequest) -> Aws:
    return everywhere[getattr(request, "param", "dynoxide")]


@pytest.fixture
def bucket(everywhere: Mapping[str, Aws], name: str) -> str:
    return everywhere["ministack"].create_bucket(f"{name}-vault")


def put_all(server: Aws, table: str, items: list[Item]) -> None:
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        server.call("BatchWriteItem", {"RequestItems": {table: requests}})


def scans(server: Aws, bucket: str, table: str, **members: Any) -> str:
    """A plan that scans one table; ``limits`` may be among ``members``."""
    entry = {"name": table, "method": "scan", **members}
    back = {"table": table, "to": {"table": f"{table}-new", "settings": "none"}, "method": "write"}
    return plan(server, bucket, tables=[entry], restores={"back": back})


@pytest.mark.parametrize("source", SERVERS, indirect=True)
def test_a_scan_is_restored_into_every_server(
    everywhere: Mapping[str, Aws], source: Aws, bucket: str, name: str, program: Program
) -> None:
    """With every type, from each server into each."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name))
    backed_up = program.run("backup", "--output", "json")
    assert backed_up.code == 0, backed_up.out
    for target in everywhere.values():
        program.plan(scans(target, bucket, name))
        done = program.run("restore", "back", "--output", "json")
        assert done.code == 0, done.out
        assert done.facts["written"] == len(every_type())
        assert target.items(f"{name}-new") == source.items(name)
        target.dynamodb.delete_table(TableName=f"{name}-new")


def test_the_record_says_that_it_covers_an_interval(
    source: Aws, bucket: str, name: str, program: Program
) -> None:
    """From the start of the first page to the end of the last one; `list` and `verify` know it."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name, limits={"read_units_per_second": 1000}))
    done = program.run("backup", "--output", "json")
    assert done.code == 0, done.out
    (key,) = [key for key in source.keys(bucket) if f"/{name}/2" in key]
    record = json.loads(source.read(bucket, key))
    assert (record["made_by"], record["state"], record["verified"]["level"]) == (
        "scan",
        "complete",
        "checksums",
    )
    assert record["covers"]["kind"] == "interval"
    assert record["covers"]["start"] == record["started_at"]
    assert (
        from_iso(record["started_at"]) < from_iso(record["covers"]["end"]) < from_iso(record["completed_at"])
    )
    assert record["data"]["item_count"] == len(every_type()) == done.facts["items"]
    assert record["data"]["manifest_key"].endswith(
        f"AWSDynamoDB/{record['scan']['export_id']}/manifest-summary.json"
    )
    assert record["chain"] == {
        "base": record["id"],
        "previous": None,
        "needs": [record["id"]],
        "restarted": None,
    }

    listed = program.run("list", "--output", "json")
    (backup,) = listed.report["backups"]
    assert (backup["backup"], backup["kind"], backup["state"]) == (record["id"], "scan", "complete")
    assert program.run("verify").code == 0
    assert program.run("status").code == 0


def test_preview_says_what_a_scan_costs(source: Aws, bucket: str, name: str, program: Program) -> None:
    """In read units, and how long they take at the limit; nothing is read or written."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name, limits={"read_units_per_second": 2}))
    done = program.run("preview", "backup", "--output", "json")
    assert done.code == 0, done.out
    assert f"scan {name} to s3://{bucket}/" in done.out
    assert "uses read capacity of the table" in done.out
    assert source.keys(bucket) == []


def test_the_same_run_id_scans_once(source: Aws, bucket: str, name: str, program: Program) -> None:
    """What it has finished is not done again, and another run ID is another backup."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name))
    statuses = [
        program.run("backup", "--run-id", run, "--output", "json").report["outcomes"][0]["status"]
        for run in ("one", "one", "two")
    ]
    assert statuses == ["done", "unchanged", "done"]


@pytest.mark.parametrize("verb", ["backup", "wait"])
def test_a_killed_scan_is_taken_up(source: Aws, bucket: str, name: str, program: Program, verb: str) -> None:
    """By the same run ID, or by `wait`: what is in the bucket is not read again."""
    source.create_table(name)
    items = [{"id": {"S": f"item-{number}"}, "text": {"S": f"{number} " * 400}} for number in range(1500)]
    put_all(source, name, items)
    program.plan(scans(source, bucket, name, limits={"read_units_per_second": 100}))
    process = program.start("backup", "--run-id", "night")
    while not any(key.endswith("_scan.json") for key in source.keys(bucket)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    program.plan(scans(source, bucket, name))
    arguments = ("backup", "--run-id", "night") if verb == "backup" else ("wait",)
    done = program.run(*arguments, "--output", "json")

    assert done.code == 0, done.out
    assert done.facts["items"] == 1500
    (key,) = [key for key in source.keys(bucket) if f"/{name}/2" in key]
    assert json.loads(source.read(bucket, key))["state"] == "complete"


def test_wait_scans_nothing_that_the_plan_does_not(
    source: Aws, bucket: str, name: str, program: Program
) -> None:
    """A record alone, which anybody who can write to the bucket can forge, starts no scan."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name))
    assert program.run("backup").code == 0
    (key,) = [key for key in source.keys(bucket) if f"/{name}/2" in key]
    record = json.loads(source.read(bucket, key))
    record |= {"state": "in_progress", "covers": None, "completed_at": None, "verified": None, "data": {}}
    source.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    program.plan(plan(source, bucket, tables=[{"name": name}]))
    done = program.run("wait", "--output", "json")
    assert done.code == 1
    assert "the plan does not scan" in done.error["message"]


def test_a_table_that_was_made_anew_is_not_scanned_into_the_old_backup(
    source: Aws, bucket: str, name: str, program: Program
) -> None:
    """Half of the items would be those of another table."""
    source.create_table(name)
    put_all(source, name, every_type())
    program.plan(scans(source, bucket, name))
    assert program.run("backup", "--run-id", "night").code == 0
    (key,) = [key for key in source.keys(bucket) if f"/{name}/2" in key]
    record = json.loads(source.read(bucket, key))
    record |= {"state": "in_progress", "covers": None, "completed_at": None, "verified": None, "data": {}}
    source.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    source.dynamodb.delete_table(TableName=name)
    while name in source.dynamodb.list_tables()["TableNames"]:
        time.sleep(0.05)
    source.create_table(name)
    done = program.run("wait", "--output", "json")
    assert done.code == 1
    assert "was deleted and created again" in done.error["message"]
    assert json.loads(source.read(bucket, key))["state"] == "failed"


def test_a_scan_is_imported(sandbox: Aws, name: str, program: Program) -> None:
    """By ImportTable, which reads every object of the data folder, into a table that it creates."""
    sandbox.create_table(name)
    put_all(sandbox, name, every_type())
    vault = sandbox.create_bucket(f"{name}-imports")
    restores = {
        "back": {"table": name, "method": "import", "to": {"table": f"{name}-new", "settings": "none"}}
    }
    program.plan(plan(sandbox, vault, tables=[{"name": name, "method": "scan"}], restores=restores))
    assert program.run("backup").code == 0
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.out
    assert (done.facts["method"], done.facts["written"]) == ("import", len(every_type()))
    assert sandbox.items(f"{name}-new") == sandbox.items(name)
