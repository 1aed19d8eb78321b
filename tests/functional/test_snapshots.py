"""`method: snapshot`: on-demand backups of DynamoDB, by running the program against the sandbox."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, Item, in_order
from tests.support.everything import Everything
from tests.support.fault_proxy import RESET, RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program

ITEMS: tuple[Item, ...] = tuple({"id": {"S": f"{n}"}, "v": {"N": f"{n}"}} for n in range(30))


def records(aws: Aws, bucket: str, table: str) -> list[dict[str, Any]]:
    keys = [key for key in aws.record_keys(bucket, table) if "/tables/" not in key]
    return [json.loads(aws.read(bucket, key)) for key in keys]


def snapshots(aws: Aws, table: str) -> list[dict[str, Any]]:
    return list(aws.dynamodb.list_backups(TableName=table)["BackupSummaries"])


def write_plan(
    aws: Aws, bucket: str, table: str, program: Program, urls: dict[str, str] | None = None, **more: Any
) -> None:
    """A plan that takes on-demand backups of the table, and restores them as ``-new``."""
    back = {"table": table, "method": "snapshot", "to": {"table": f"{table}-new"}}
    entries = [{"name": table, "method": "snapshot"}]
    where = ({"endpoint_urls": urls},) if urls else ()
    program.plan(plan(aws, bucket, *where, tables=entries, restores={"back": {**back, **more}}))


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_table_is_backed_up_and_restored_without_recovery_and_without_data_in_the_bucket(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Also after the table is gone. The bucket holds the record only."""
    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)
    assert program.run("validate").code == 0

    done = program.run("backup", "--output", "json")

    assert done.code == 0, done.err
    (snapshot,) = snapshots(sandbox, name)
    (record,) = records(sandbox, bucket, name)
    assert (record["made_by"], record["state"]) == ("snapshot", "complete")
    assert record["snapshot"] == {"arn": snapshot["BackupArn"], "name": snapshot["BackupName"]}
    assert (record["covers"]["kind"], record["data"]["manifest_key"]) == ("interval", None)
    assert not [key for key in sandbox.keys(bucket) if "AWSDynamoDB" in key]
    assert record["id"] in program.run("list").out
    assert program.run("status").code == 0

    sandbox.dynamodb.delete_table(TableName=name)
    restored = program.run("restore", "back", "--output", "json")

    assert restored.code == 0, restored.out
    assert restored.facts["method"] == "snapshot"
    assert "AWS reports no item count" in restored.facts["notes"][0]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_settings_that_a_snapshot_does_not_keep_are_applied(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """As they were when the backup was taken: tags, table class, stream, TTL, recovery, insights, scaling, …"""
    original, copy = Everything(sandbox, name), Everything(sandbox, f"{name}-new")
    original.create()
    items = [{**item, "at": {"S": "1"}} for item in ITEMS]
    sandbox.put(name, *items)
    write_plan(sandbox, bucket, name, program, to={"table": copy.name, "settings": "all"})
    assert program.run("backup").code == 0
    before = original.settings()
    sandbox.dynamodb.tag_resource(ResourceArn=original.arn, Tags=[{"Key": "later", "Value": "x"}])

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert {**copy.settings(), "kinesis": before["kinesis"]} == before
    assert sandbox.items(copy.name) == in_order(items)


def test_a_snapshot_is_verified_by_asking_aws(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One that was deleted is missing data: exit code 65. `doctor` and `status` know snapshots too."""
    sandbox.create_table(name)
    write_plan(sandbox, bucket, name, program)
    assert program.run("backup").code == 0

    there = program.run("verify", "--output", "json")
    assert there.code == 0, there.err
    assert there.facts["notes"] == ["AWS has the on-demand backup; only a restore shows what is in it"]
    checked = program.run("doctor", "--output", "json")
    assert not [each for each in checked.report["checks"] if each["state"] == "problem"], checked.out
    assert program.run("status", "--output", "json").report["tables"][0]["backup"]

    (snapshot,) = snapshots(sandbox, name)
    sandbox.dynamodb.delete_backup(BackupArn=snapshot["BackupArn"])
    gone = program.run("verify", "--output", "json")
    assert gone.code == 65
    assert "does not exist any more" in gone.error["message"]
    (listed,) = program.run("list", "--output", "json").report["backups"]
    assert listed["verified"]["result"] == "damaged"
    assert listed["not_restorable"].startswith("it was found damaged by `verify --level listing`")


def test_a_preview_says_what_a_snapshot_and_its_restore_would_do(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)

    before = program.run("preview", "backup", "--output", "json")
    (step,) = before.report["backups"]
    assert step["actions"] == [f"create an on-demand backup of {name}", "record the backup"]
    assert snapshots(sandbox, name) == []
    assert program.run("backup").code == 0
    after = program.run("preview", "restore", "back", "--output", "json")
    (restore,) = after.report["restores"]

    assert (restore["facts"]["method"], restore["blockers"]) == ("snapshot", [])
    possible = {each["method"] for each in restore["facts"]["candidates"] if each["possible"]}
    assert possible == {"snapshot"}
    assert after.code == 0


def test_a_snapshot_whose_response_was_lost_is_found_by_its_name(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """CreateBackup has no token. A second request would make a second backup."""
    lost = iter([RESET_AFTER])

    def lose_one(called: str, body: bytes) -> tuple[int, bytes] | None:
        return next(lost, None) if called == "CreateBackup" else None

    sandbox.create_table(name)
    with FaultProxy(sandbox.url, lose_one) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        entries = [{"name": name, "method": "snapshot"}]
        program.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=entries))
        done = program.run("backup", "--output", "json")
        assert proxy.faults[RESET_AFTER[0]] == 1

    assert done.code == 0, done.err
    assert len(snapshots(sandbox, name)) == 1


@pytest.mark.parametrize("verb", ["backup", "wait"])
def test_a_killed_snapshot_is_taken_up(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox, verb: str
) -> None:
    """By the same run again, or by `wait`; also if the run did not come to record the ARN."""
    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)
    jobs.backups.timers.gate.clear()
    process = program.start("backup", "--run-id", "nightly")
    wait_for(lambda: bool(records(sandbox, bucket, name)) and bool(snapshots(sandbox, name)), process)
    kill(process)
    (key,) = [key for key in sandbox.record_keys(bucket, name) if "/tables/" not in key]
    record = json.loads(sandbox.read(bucket, key))
    record["snapshot"] = {"name": record["snapshot"]["name"]}
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    jobs.backups.timers.gate.set()

    done = program.run(verb, *(["--run-id", "nightly"] if verb == "backup" else []), "--output", "json")

    assert done.code == 0, done.err
    assert done.named("job.reattached")
    assert len(snapshots(sandbox, name)) == 1
    assert [each["state"] for each in records(sandbox, bucket, name)] == ["complete"]


def test_a_killed_restore_of_a_snapshot_is_resumed(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """It has no token: the new table is recognized by its TableId, or adopted by what AWS says of it."""
    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)
    assert program.run("backup").code == 0
    jobs.backups.timers.gate.clear()
    before = len(jobs.backups.restored)
    process = program.start("restore", "back")
    states = program.directory / "state"
    wait_for(
        lambda: (
            len(jobs.backups.restored) > before
            and any('"writing"' in path.read_text() for path in states.rglob("*.json"))
        ),
        process,
    )
    kill(process)
    jobs.backups.timers.gate.set()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert done.named("job.reattached")
    assert len(jobs.backups.restored) == before + 1
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_a_restore_of_a_snapshot_whose_response_was_lost_is_not_started_twice(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """The SDK repeats the request, for a table that exists by then."""
    lost = iter([RESET_AFTER])

    def lose_one(called: str, body: bytes) -> tuple[int, bytes] | None:
        return next(lost, None) if called == "RestoreTableFromBackup" else None

    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)
    assert program.run("backup").code == 0
    with FaultProxy(sandbox.url, lose_one) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        back = {"table": name, "method": "snapshot", "to": {"table": f"{name}-new"}}
        entries = [{"name": name, "method": "snapshot"}]
        program.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=entries, restores={"back": back}))
        before = len(jobs.backups.restored)
        done = program.run("restore", "back", "--output", "json")
        assert proxy.faults[RESET_AFTER[0]] == 1

    assert done.code == 0, done.out
    assert len(jobs.backups.restored) == before + 1


def test_a_table_whose_restore_was_killed_before_its_response_is_adopted_on_request(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS says from which on-demand backup it restores a table, until the restore has ended."""
    repeated, killed = threading.Event(), threading.Event()

    def lose(called: str, body: bytes) -> tuple[int, bytes] | None:
        if called != "RestoreTableFromBackup":
            return None
        if proxy.seen[called] == 1:
            return RESET_AFTER
        repeated.set()
        killed.wait(60)
        return RESET

    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    write_plan(sandbox, bucket, name, program)
    assert program.run("backup").code == 0
    jobs.backups.timers.gate.clear()
    with FaultProxy(sandbox.url, lose) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        write_plan(sandbox, bucket, name, program, urls=urls)
        process = program.start("restore", "back")
        wait_for(repeated.is_set, process)
        kill(process)
        killed.set()
    write_plan(sandbox, bucket, name, program)

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "AWS is restoring it from" in refused.error["message"]
    assert "--adopt" in refused.error["hint"]
    adopting = program.start("restore", "back", "--adopt")
    states = program.directory / "state"
    wait_for(
        lambda: any('"writing"' in path.read_text() for path in states.rglob("*.json")),
        adopting,
    )
    jobs.backups.timers.gate.set()
    adopting.communicate()
    assert adopting.returncode == 0
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_other_methods_do_not_restore_a_snapshot(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """And `method: snapshot` no export. Each error names the method that does."""
    sandbox.create_table(name)
    write_plan(sandbox, bucket, name, program, method="auto")
    assert program.run("backup").code == 0
    (record,) = records(sandbox, bucket, name)

    by_auto = program.run("restore", "back", "--output", "json")
    write_plan(sandbox, bucket, name, program, **{"method": "write", "from": record["id"]})
    by_write = program.run("restore", "back", "--output", "json")

    assert (by_auto.code, by_write.code) == (1, 1)
    assert "whose items only AWS can read" in by_auto.error["message"]
    assert "whose items only AWS can read" in by_write.error["message"]
    assert "--method snapshot" in by_write.error["hint"]
    dumped = program.run("dump", name, "--from", record["id"])
    assert dumped.code == 1
    (command,) = {re.findall(r"`ddbbackup (.*?)`", text)[0] for text in (by_auto.error["hint"], dumped.err)}
    assert program.run(*shlex.split(command)).code == 0


def test_an_export_is_no_snapshot(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    sandbox.create_table(name, pitr=True)
    back = {"table": name, "method": "snapshot", "to": {"table": f"{name}-new"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": back}))
    assert program.run("backup").code == 0

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 1
    assert "as `method: snapshot` needs" in done.error["message"]
