"""``prune`` and ``preview prune``, by running the program against the sandbox."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ddbbackup.catalog import (
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedSnapshot,
    derive_client_token,
    new_backup_id,
)
from ddbbackup.catalog.record import parse_record
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.times import from_iso, to_iso
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(7)]


def back_up(aws: Aws, bucket: str, table: str, program: Program, *ages: int, **members: Any) -> list[str]:
    """Takes backups and makes them as many days old. Returns their IDs, in the order of ``ages``."""
    if not aws.exists(table):
        aws.create_table(table, pitr=True)
        aws.put(table, *ITEMS)
    program.plan(plan(aws, bucket, tables=[{"name": table}], **members))
    ids = []
    for days in ages:
        done = program.run("backup", "--run-id", f"{days}-days", "--output", "json")
        assert done.code == 0, done.err
        ids.append(make_older(aws, bucket, done.facts["backup"], table, timedelta(days=days)))
    return ids


def make_older(aws: Aws, bucket: str, backup: str, table: str, by: timedelta) -> str:
    """Moves a record to another time: what AWS exported keeps its name, and the record its run."""
    (key,) = [each for each in aws.record_keys(bucket, table) if each.endswith(f"/{backup}.json")]
    record = json.loads(aws.read(bucket, key))
    for holder, name in (
        (record, "started_at"),
        (record, "completed_at"),
        (record["covers"], "start"),
        (record["covers"], "end"),
        (record["export"], "ended_at"),
        (record["verified"], "at"),
    ):
        holder[name] = to_iso(from_iso(holder[name]) - by)
    started_at = from_iso(record["started_at"])
    assert isinstance(started_at, datetime)
    record["id"] = new_backup_id(
        started_at,
        plan=record["plan"],
        table_arn=record["table"]["arn"],
        run=record["run"],
        attempt=record["attempt"],
    )
    record["chain"].update(base=record["id"], needs=[record["id"]])
    aws.s3.put_object(Bucket=bucket, Key=key.replace(backup, record["id"]), Body=json.dumps(record).encode())
    aws.s3.delete_object(Bucket=bucket, Key=key)
    return str(record["id"])


def keep(aws: Aws, bucket: str, table: str, program: Program, **retention: int) -> None:
    program.plan(plan(aws, bucket, tables=[{"name": table, "retention": retention}]))


def listed(program: Program) -> dict[str, str]:
    """The state of each backup, the newest first."""
    rows = json.loads(program.run("list", "--output", "json").out)["backups"]
    return {row["backup"]: row["state"] for row in rows}


def test_prune_shows_what_it_would_remove_and_why_and_removes_it_with_apply(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    first, second, third = back_up(sandbox, bucket, name, program, 3, 2, 1)
    keep(sandbox, bucket, name, program, keep_last=2)
    before = set(sandbox.keys(bucket))

    shown = program.run("prune")
    assert shown.code == 0, shown.err
    assert f"keep    {third}  the newest restore point, keep_last: 2" in shown.out
    assert f"keep    {second}  keep_last: 2" in shown.out
    assert f"remove  {first}  no rule keeps it, and nothing kept needs it" in shown.out
    assert program.run("prune", "--detailed-exitcode").code == 2
    previewed = json.loads(program.run("preview", "prune", "--output", "json").out)
    (step,) = previewed["prunes"]
    assert step["facts"]["restore_points"] == 3
    assert [each["backup"] for each in step["facts"]["remove"]] == [first]
    assert step["size_bytes"] > 0
    assert set(sandbox.keys(bucket)) == before

    done = program.run("prune", "--apply", "--output", "json")
    assert done.code == 0, done.err
    assert (done.facts["removed"], done.facts["kept"], done.facts["notes"]) == (1, 2, [])
    assert done.facts["size_bytes"] == step["size_bytes"]
    assert [each["backup"] for each in done.named("backup.expired")] == [first]
    assert [each["backup"] for each in done.named("backup.removed")] == [first]
    gone = before - set(sandbox.keys(bucket))
    assert len(gone) == done.facts["objects"] + 1  # its record
    assert list(listed(program)) == [third, second]
    assert program.run("verify", "--all").code == 0

    again = program.run("prune", "--apply", "--output", "json")
    assert (again.code, again.report["outcomes"][0]["status"]) == (0, "unchanged")
    assert program.run("prune", "--detailed-exitcode").code == 0


def test_more_than_half_is_removed_only_if_the_plan_is_named(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A policy with a typing error must not empty the vault in one night."""
    ids = back_up(sandbox, bucket, name, program, 3, 2, 1)
    keep(sandbox, bucket, name, program, keep_last=1)
    before = sandbox.keys(bucket)

    shown = program.run("prune", "--output", "json")
    refused = program.run("prune", "--apply", "--output", "json")
    assert (shown.code, refused.code) == (1, 1)
    message = "2 of 3 restore points would be removed, which is more than half"
    assert refused.error["message"] == message
    assert refused.error["hint"].endswith("pass --confirm test")
    assert shown.report["prunes"][0]["blockers"] == [refused.error]
    wrong = program.run("prune", "--apply", "--confirm", "prod")
    assert wrong.code == 64
    assert sandbox.keys(bucket) == before

    assert program.run("prune", "--confirm", "test").code == 0
    assert program.run("prune", "--apply", "--confirm", "test").code == 0
    assert list(listed(program)) == [ids[2]]


def test_without_a_policy_nothing_is_removed(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Also of a table that the plan no longer selects, or that several selectors with different policies match."""
    back_up(sandbox, bucket, name, program, 2, 1)
    none = program.run("prune", "--apply")
    assert none.code == 5
    assert "no table with backups has a retention policy, so nothing is removed" in none.err
    entries = [
        {"match": f"{name[:-1]}?", "retention": {"keep_last": 1}},
        {"match": f"{name}*", "retention": {"keep_last": 2}},
    ]
    program.plan(plan(sandbox, bucket, tables=entries))
    assert program.run("prune", "--apply").code == 5
    program.plan(plan(sandbox, bucket, tables=[{"name": f"{name}-2", "retention": {"keep_last": 1}}]))
    assert program.run("prune", "--apply").code == 5


def test_prune_names_the_tables_whose_backups_it_keeps(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Not those that only were targets of a restore, which have a place in the bucket, but no backups."""
    sandbox.create_table(f"{name}-2", pitr=True)
    tables = [{"name": name, "retention": {"keep_last": 1}}, {"name": f"{name}-2"}]
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    program.plan(plan(sandbox, bucket, tables=tables))
    assert program.run("backup").code == 0
    assert program.run("restore", "--table", name, "--to", f"{name}-3").code == 0
    (note,) = json.loads(program.run("prune", "--output", "json").out)["notes"]
    assert note == f"all backups of tables without a retention policy are kept: {name}-2"


def test_backups_of_a_deleted_table_expire_by_the_policy_of_its_entry(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    _, last = back_up(sandbox, bucket, name, program, 2, 1)
    sandbox.dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    sandbox.dynamodb.delete_table(TableName=name)
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}*", "retention": {"keep_last": 1}}]))
    assert program.run("prune", "--apply").code == 0
    assert list(listed(program)) == [last]


@pytest.mark.parametrize("event", ["backup.expired", "backup.removed"])
def test_a_killed_prune_is_taken_up_by_the_next_one(
    sandbox: Aws, bucket: str, name: str, program: Program, event: str
) -> None:
    """SIGKILL after the first record was marked, or after the first backup was removed."""
    ids = back_up(sandbox, bucket, name, program, 4, 3, 2, 1)
    keep(sandbox, bucket, name, program, keep_last=2)
    process = program.start("prune", "--apply", "--log-format", "json")
    assert process.stderr is not None
    while event not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()

    left = listed(program)
    assert left.keys() >= {*ids[2:]}
    assert "expiring" in left.values() or len(left) < 4
    assert program.run("verify", "--all").code == 0  # what still counts is whole
    again = program.run("prune", "--apply", "--output", "json")
    assert again.code == 0, again.err
    assert list(listed(program)) == [ids[3], ids[2]]
    folders = {
        key.split("AWSDynamoDB/")[1].split("/")[0] for key in sandbox.keys(bucket) if "AWSDynamoDB/" in key
    }
    assert len(folders) == 2


def test_what_the_bucket_does_not_let_go_stays_and_the_exit_code_says_so(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """It is no restore point any more, and is removed when the bucket allows it."""
    first, second, _ = back_up(sandbox, bucket, name, program, 3, 2, 1)
    keep(sandbox, bucket, name, program, keep_last=1)
    export_id = json.loads(sandbox.read(bucket, next(k for k in sandbox.keys(bucket) if first in k)))[
        "export"
    ]["arn"].rpartition("/")[2]
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*/{export_id}/data/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    sandbox.s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    refused = program.run("prune", "--apply", "--confirm", "test", "--output", "json")
    assert refused.code == 77, refused.out
    assert refused.facts["removed"] == 1
    assert first in refused.error["message"]
    assert "Object Lock" in refused.error["hint"]
    left = listed(program)
    assert left[first] == "expiring"
    assert second not in left

    sandbox.s3.delete_bucket_policy(Bucket=bucket)
    shown = program.run("prune")
    assert f"remove  {first}  an earlier run has begun to remove it" in shown.out
    assert program.run("prune", "--apply").code == 0
    assert first not in listed(program)


def test_a_versioned_bucket_keeps_what_is_removed_until_a_lifecycle_rule_deletes_it(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """No version is deleted: whoever steals the role can hide backups, but not destroy them."""
    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    back_up(sandbox, bucket, name, program, 2, 1)
    keep(sandbox, bucket, name, program, keep_last=1)
    shown = program.run("prune")
    assert f"{bucket} is versioned: S3 keeps what is removed as noncurrent versions" in shown.out
    before = sandbox.s3.list_object_versions(Bucket=bucket)
    assert program.run("prune", "--apply").code == 0
    after = sandbox.s3.list_object_versions(Bucket=bucket)
    kept = {(each["Key"], each["VersionId"]) for each in before["Versions"]}
    assert kept <= {(each["Key"], each["VersionId"]) for each in after["Versions"]}
    assert len(after["DeleteMarkers"]) > len(before.get("DeleteMarkers", ()))


def test_a_chain_expires_as_a_whole_and_leaves_the_windows_of_the_next_one(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> None:
    """The data of all windows lies in one folder."""
    sandbox.create_table(name, pitr=True)
    incremental = {"name": name, "method": "incremental", "full_every": "1d"}
    program.plan(plan(sandbox, bucket, tables=[incremental]))
    for number in range(7):
        sandbox.put(name, {"id": {"S": str(number)}})
        clock.advance(6 * 3600)
        done = program.run("backup", "--output", "json")
        assert done.code == 0, done.err
    rows = json.loads(program.run("list", "--output", "json").out)["backups"]
    kinds = [row["kind"] for row in rows]
    assert kinds == ["window", "full", *["window"] * 4, "full"]
    ids = [row["backup"] for row in rows]
    shared = f"ddb/{name}/AWSDynamoDB/data/"
    windows = len(sandbox.keys(bucket, shared))

    program.plan(plan(sandbox, bucket, tables=[{**incremental, "retention": {"keep_last": 1}}]))
    shown = json.loads(program.run("prune", "--output", "json", "--confirm", "test").out)
    assert [each["backup"] for each in shown["prunes"][0]["facts"]["keep"]] == [ids[0]]
    assert shown["prunes"][0]["facts"]["needed"] == 1
    done = program.run("prune", "--apply", "--confirm", "test", "--output", "json")
    assert (done.code, done.facts["removed"], done.facts["kept"]) == (0, 5, 2)
    assert list(listed(program)) == ids[:2]
    assert len(sandbox.keys(bucket, shared)) == windows // 5
    assert program.run("verify", "--all").code == 0


def test_an_on_demand_backup_expires_with_its_record(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """It lies in DynamoDB, not in the bucket."""
    (export,) = back_up(sandbox, bucket, name, program, 1)
    (key,) = [each for each in sandbox.record_keys(bucket, name) if export in each]
    at = datetime.now(UTC) - timedelta(days=2)
    recorded = snapshot_of(parse_record(sandbox.read(bucket, key), where=key), at)
    assert recorded.snapshot is not None
    made = sandbox.dynamodb.create_backup(TableName=name, BackupName=recorded.snapshot.name)["BackupDetails"]
    while status_of(sandbox, made["BackupArn"]) != "AVAILABLE":
        time.sleep(0.05)
    recorded = replace(recorded, snapshot=replace(recorded.snapshot, arn=made["BackupArn"]))
    sandbox.s3.put_object(Bucket=bucket, Key=key.replace(export, recorded.id), Body=recorded.to_json())
    assert list(listed(program)) == [export, recorded.id]

    keep(sandbox, bucket, name, program, keep_last=1)
    done = program.run("prune", "--apply", "--output", "json")
    assert (done.code, done.facts["removed"], done.facts["objects"]) == (0, 1, 0), done.out
    assert sandbox.dynamodb.list_backups(TableName=name)["BackupSummaries"] == []
    assert list(listed(program)) == [export]


def status_of(aws: Aws, arn: str) -> str:
    described = aws.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
    return str(described["BackupDetails"]["BackupStatus"])


def snapshot_of(record: Record, at: datetime) -> Record:
    """The record of an on-demand backup of the same table, two days old."""
    run: dict[str, Any] = {"plan": record.plan, "table_arn": record.table.arn, "run": "manual", "attempt": 1}
    backup = new_backup_id(at, **run)
    return replace(
        record,
        id=backup,
        run="manual",
        started_at=at,
        completed_at=at,
        made_by="snapshot",
        export=None,
        snapshot=RecordedSnapshot(name=derive_client_token(table_id=record.table.id, **run)),
        covers=RecordedCoverage(kind="interval", start=at, end=at),
        chain=RecordedChain(base=backup, needs=(backup,)),
        data=RecordedData(),
        verified=None,
    )


def test_a_record_that_cannot_be_used_keeps_every_backup_of_its_table(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """And of no other table."""
    other = f"{name}-2"
    ids = back_up(sandbox, bucket, name, program, 2, 1)
    others = back_up(sandbox, bucket, other, program, 2, 1)
    (key,) = [each for each in sandbox.record_keys(bucket, name) if ids[1] in each]
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    tables = [{"match": f"{name}*", "retention": {"keep_last": 1}}]
    program.plan(plan(sandbox, bucket, tables=tables))
    done = program.run("prune", "--apply", "--output", "json")
    assert done.code == 65
    assert [each["status"] for each in done.report["outcomes"]] == ["failed", "done"]
    assert done.error["message"].startswith(
        f"no backup of {name} is removed, because a record cannot be used"
    )
    assert listed(program).keys() == {*ids, others[1]}
