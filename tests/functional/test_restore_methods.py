"""Restores by import, bulk put and point-in-time restore, by running the program against the sandbox."""

from __future__ import annotations

import gzip
import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.model.arn import Arn
from ddbbackup.restore import import_quota, method_selection, shared_state
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, in_order, line, md5
from tests.support.fault_proxy import RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}, "b": {"B": "aGVsbG8="}} for n in range(60)]
_DENIED = "User is not authorized to perform this action"


def backed_up(aws: Aws, bucket: str, name: str, program: Program, **restore: Any) -> None:
    """Creates a table with items, a plan with one restore of it, `back`, and backs it up."""
    aws.create_table(name, pitr=True)
    aws.put(name, *ITEMS)
    restoring = {"table": name, "to": {"table": f"{name}-new"}, **restore}
    program.plan(plan(aws, bucket, tables=[{"name": name}], restores={"back": restoring}))
    assert program.run("backup").code == 0


def states(program: Program) -> list[Path]:
    """The state files of restores."""
    return list((program.directory / "state" / "restores").glob("*/restore.json"))


def wait_for(happened: Callable[[], bool], process: Any = None) -> None:
    """Waits until it happened, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not happened():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


# ---- import


def test_an_import_creates_the_table_and_loads_every_item(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With the keys, indexes and billing mode of the record. The counts of the import match the manifest."""
    sandbox.create_table(
        name,
        range_key="at",
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 5},
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-who",
                "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2},
            }
        ],
    )
    items: list[Item] = [{"id": {"S": "a"}, "at": {"S": str(n)}, "who": {"S": "w"}} for n in range(40)]
    sandbox.put(name, *items)
    restore = {"table": name, "to": {"table": f"{name}-new", "create": "new"}, "method": "import"}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    result = done.facts
    assert (result["method"], result["items"], result["written"], result["kept"]) == ("import", 40, 40, 0)
    assert "/import/" in result["job_arn"]
    assert [event["job_arn"] for event in done.named("job.started")] == [result["job_arn"]]
    assert sandbox.items(f"{name}-new") == in_order(items)
    before = sandbox.dynamodb.describe_table(TableName=name)["Table"]
    after = sandbox.dynamodb.describe_table(TableName=f"{name}-new")["Table"]
    for member in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingModeSummary"):
        assert after[member] == before[member]


def kill_while_importing(program: Program, jobs: Sandbox) -> None:
    """Starts the restore, and kills it by SIGKILL when its import runs, which then ends."""
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)
    process = program.start("restore", "back")
    wait_for(lambda: len(jobs.imports.started) > before, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    jobs.imports.timers.gate.set()


def test_a_killed_restore_resumes_its_import_and_starts_no_other(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """SIGKILL while the import runs: the next run waits for the same import."""
    backed_up(sandbox, bucket, name, program, method="import")
    before = len(jobs.imports.started)
    kill_while_importing(program, jobs)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert len(jobs.imports.started) == before + 1
    assert done.facts["job_arn"] == jobs.imports.started[-1].arn
    assert [event["event"] for event in done.events if event["event"] == "restore.resumed"]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_another_machine_continues_an_import(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    jobs: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The state in the vault names the import of a run that was killed, once its lock shows no sign of life."""
    monkeypatch.setattr(shared_state, "LEASE_SECONDS", 0.2)
    monkeypatch.setattr(shared_state, "_LOOK_SECONDS", 0.1)
    backed_up(sandbox, bucket, name, program, method="import")
    before = len(jobs.imports.started)
    kill_while_importing(program, jobs)

    elsewhere = str(program.directory / "elsewhere")
    done = program.run("restore", "back", "--output", "json", DDBBACKUP_STATE_DIR=elsewhere)

    assert done.code == 0, done.err
    assert done.named("job.reattached")
    assert len(jobs.imports.started) == before + 1
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_an_import_of_the_same_run_is_found_without_local_state(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Its state is lost on this machine and in the vault: the token is the same, so ListImports shows the import."""
    backed_up(sandbox, bucket, name, program, method="import")
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)
    process = program.start("restore", "back", "--run-id", "ci-7")
    wait_for(lambda: len(jobs.imports.started) > before, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    elsewhere = str(program.directory / "elsewhere")
    (state,) = [key for key in sandbox.keys(bucket) if key.endswith("/state.json")]
    sandbox.s3.delete_object(Bucket=bucket, Key=state)

    other = program.run(
        "restore", "back", "--run-id", "ci-8", "--output", "json", DDBBACKUP_STATE_DIR=elsewhere
    )
    assert other.code == 1
    assert "another import" in other.error["message"]
    jobs.imports.timers.gate.set()
    again = program.run(
        "restore", "back", "--run-id", "ci-7", "--output", "json", DDBBACKUP_STATE_DIR=elsewhere
    )

    assert again.code == 0, again.err
    assert again.named("job.reattached")
    assert len(jobs.imports.started) == before + 1


def test_an_import_with_an_invalid_line_fails_and_keeps_the_table(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Exit 65. Imported items stay, and the hint says where AWS logged the others."""
    backed_up(sandbox, bucket, name, program, method="import")
    (key, *others) = [k for k in sandbox.keys(bucket, f"ddb/{name}/AWSDynamoDB/") if "/data/" in k]
    for other in others:
        sandbox.s3.delete_object(Bucket=bucket, Key=other)
    body = gzip.compress(b"\n".join([*map(line, ITEMS), line({"v": {"N": "1"}})]) + b"\n")
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=body)
    entry = {"itemCount": 61, "md5Checksum": md5(body), "dataFileS3Key": key}
    (record,) = sandbox.record_keys(bucket, name)
    claims = json.loads(sandbox.read(bucket, record))
    claims["data"]["item_count"] = 61
    sandbox.put_manifests(
        bucket,
        key[: key.index("data/")],
        [entry],
        exportArn=claims["export"]["arn"],
        tableId=claims["table"]["id"],
    )
    sandbox.s3.put_object(Bucket=bucket, Key=record, Body=json.dumps(claims).encode())

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 65, done.out
    failure = done.error
    assert "60 of 61 items were imported, 1 failed" in failure["message"]
    assert "the incomplete table" in failure["message"]
    assert "/aws-dynamodb/imports" in failure["hint"]
    assert done.named("job.failed")[0]["failure_code"] == "ItemValidationError"
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)

    again = program.run("restore", "back", "--output", "json")
    assert (again.code, again.error["message"]) == (65, failure["message"])


def test_an_import_reads_only_what_the_manifest_names(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS reads all objects below a prefix, so an unexpected or missing object is refused before the import."""
    backed_up(sandbox, bucket, name, program, method="import")
    before = len(jobs.imports.started)
    (key, *_) = [k for k in sandbox.keys(bucket, f"ddb/{name}/AWSDynamoDB/") if "/data/" in k]
    stray = key.rpartition("/")[0] + "/stray.json.gz"
    sandbox.s3.put_object(Bucket=bucket, Key=stray, Body=b"")

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "that the manifest does not name" in refused.error["message"]

    sandbox.s3.delete_object(Bucket=bucket, Key=stray)
    sandbox.s3.delete_object(Bucket=bucket, Key=key)
    missing = program.run("restore", "back", "--output", "json")
    assert missing.code == 65
    assert key in missing.error["message"]
    assert len(jobs.imports.started) == before


def test_a_table_that_an_import_cannot_create_is_refused_before_it_starts(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """A table with a local secondary index, and a table that exists."""
    sandbox.create_table(
        name,
        range_key="at",
        pitr=True,
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        LocalSecondaryIndexes=[
            {
                "IndexName": "local",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "who", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    restores = {
        "new": {"table": name, "to": {"table": f"{name}-new"}, "method": "import"},
        "same": {"table": name, "method": "import"},
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    before = len(jobs.imports.started)

    local = program.run("restore", "new", "--output", "json")
    exists = program.run("restore", "same", "--output", "json")

    assert (local.code, exists.code) == (1, 1)
    assert "local secondary indexes" in local.error["message"]
    assert exists.error["hint"]
    assert len(jobs.imports.started) == before


@pytest.mark.parametrize("method", ["import", "auto"])
def test_an_import_beyond_the_quota_of_running_imports_is_not_started(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    jobs: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    """Preview and run say so in one sentence. `auto` writes instead, and gives it as the reason."""
    monkeypatch.setattr(import_quota, "IMPORTS_AT_A_TIME", 1)
    monkeypatch.setattr(method_selection, "IMPORT_FROM_SECONDS", 0.0)
    backed_up(sandbox, bucket, name, program, method="import", to={"table": f"{name}-other"})
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)
    other = program.start("restore", "back")
    wait_for(lambda: len(jobs.imports.started) > before, other)
    restoring = {"table": name, "to": {"table": f"{name}-new"}, "method": method}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restoring}))

    preview = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")
    jobs.imports.timers.gate.set()
    other.communicate()

    sentence = "1 imports are running in eu-west-1, and AWS runs no more at a time"
    assert sentence in preview.out
    assert len(jobs.imports.started) == before + 1
    if method == "import":
        assert (preview.code, done.code) == (1, 1)
        assert done.error["message"] == sentence
    else:
        assert (preview.code, done.code) == (0, 0)
        assert done.facts["method"] == "write"
        assert sentence in done.named("method.chosen")[0]["because"]
        assert sandbox.items(f"{name}-new") == in_order(ITEMS)


# ---- bulk put


def test_a_bulk_put_loads_every_item_into_an_existing_table(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Its reports are written beside the export, and the run warns that it is experimental."""
    backed_up(sandbox, bucket, name, program, method="bulk-put", limits={"write_units_per_second": 2000})
    sandbox.create_table(f"{name}-new")

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    result = done.facts
    assert (result["method"], result["items"], result["written"], result["experimental"]) == (
        "bulk-put",
        60,
        60,
        True,
    )
    assert "experimental" in done.named("target.warned")[0]["message"]
    request = jobs.bulk_puts.started[-1].request
    assert request["MaxWriteRequestUnits"] == 2000
    assert request["OutputS3Configuration"]["OutputType"] == ["ERROR", "CONDITION_CHECK_FAILURE"]
    assert request["OutputS3Configuration"]["S3KeyPrefix"].startswith(
        f"ddb/{name}/ddbbackup-bulk-put-reports/"
    )
    assert request["InputS3Configuration"]["S3KeyPrefix"].endswith("/data/")
    assert request["InputS3Configuration"]["InputCompressionType"] == "GZIP"
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)
    assert program.run("list", "--output", "json").code == 0


def test_a_bulk_put_that_did_not_write_every_item_fails(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Exit 65 for COMPLETED_WITH_ERRORS, and for COMPLETED with items that failed a condition."""
    good = [*map(line, ITEMS)]
    uri = sandbox.put_export(bucket, [[*good, line({"v": {"N": "1"}})]], prefix="bad/")
    whole = sandbox.put_export(bucket, [good], prefix="whole/")
    restores = {
        each: {
            "table": name,
            "from": {"s3_uri": address},
            "to": {"table": f"{name}-{each}"},
            "method": "bulk-put",
        }
        for each, address in (("bad", uri), ("withheld", whole))
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    for each in restores:
        sandbox.create_table(f"{name}-{each}")

    failed = program.run("restore", "bad", "--output", "json")
    assert failed.code == 65, failed.out
    assert "COMPLETED_WITH_ERRORS" in failed.error["message"]
    assert "60 of 61 items were written, 1 failed" in failed.error["message"]
    assert sandbox.items(f"{name}-bad") == in_order(ITEMS)

    jobs.bulk_puts.withholds = lambda each: b'"id":{"S":"7"}' in each
    withheld = program.run("restore", "withheld", "--output", "json")
    assert withheld.code == 65, withheld.out
    assert "59 of 60 items were written, 0 failed, 1 was withheld" in withheld.error["message"]


def test_a_killed_restore_resumes_its_bulk_put_and_starts_no_other(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """The table is no longer empty; the next run waits for the same job."""
    backed_up(sandbox, bucket, name, program, method="bulk-put")
    jobs.bulk_puts.timers.gate.clear()
    before = len(jobs.bulk_puts.started)
    process = program.start("restore", "back")
    wait_for(lambda: len(jobs.bulk_puts.started) > before, process)
    wait_for(lambda: bool(sandbox.items(f"{name}-new")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    jobs.bulk_puts.timers.gate.set()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert len(jobs.bulk_puts.started) == before + 1
    assert done.named("job.reattached")
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_a_cancelled_bulk_put_is_started_again(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Exit 1; written items stay. The next run puts every item, with a new token."""
    backed_up(sandbox, bucket, name, program, method="bulk-put")
    jobs.bulk_puts.timers.gate.clear()
    before = len(jobs.bulk_puts.started)
    process = program.start("restore", "back", "--output", "json")
    wait_for(lambda: bool(jobs.bulk_puts.started[before:]) and bool(sandbox.items(f"{name}-new")), process)
    sandbox.dynamodb.cancel_bulk_operation(BulkOperationArn=jobs.bulk_puts.started[-1].arn)
    jobs.bulk_puts.timers.gate.set()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "CANCELLED" in out
    plan_text = (program.directory / "ddbbackup.yaml").read_text()
    program.plan(plan_text.replace('"bulk-put"', '"auto"'))
    by_auto = program.run("restore", "back", "--output", "json")
    assert by_auto.code == 1, "auto goes on with nothing experimental"
    assert "already holds items" in by_auto.error["message"]
    program.plan(plan_text)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    first, second = jobs.bulk_puts.started[before:]
    assert first.request["ClientToken"] != second.request["ClientToken"]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


# ---- point in time


def test_a_point_in_time_restore_needs_no_backup(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> None:
    """AWS copies the table with its indexes. The report says that no items were counted."""
    sandbox.create_table(
        name,
        pitr=True,
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-who",
                "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    sandbox.put(name, *ITEMS)
    clock.advance(600)
    restores = {"back": {"table": name, "to": {"table": f"{name}-new"}, "method": "point-in-time"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": "another"}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    result = done.facts
    assert (result["method"], result["written"]) == ("point-in-time", None)
    assert result["restored_time"].startswith("20")
    assert "AWS reports no item count" in result["notes"][0]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)
    table = sandbox.dynamodb.describe_table(TableName=f"{name}-new")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-who"]
    assert "RestoreSummary" not in table


def test_a_killed_point_in_time_restore_is_resumed(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """It has no token: the new table is recognized by its TableId."""
    with jobs.clock.ago(3600):
        sandbox.create_table(name, pitr=True)
        sandbox.put(name, *ITEMS)
    restores = {"back": {"table": name, "to": {"table": f"{name}-new"}, "method": "point-in-time"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    jobs.pitr_restores.timers.gate.clear()
    before = len(jobs.pitr_restores.started)
    process = program.start("restore", "back")
    wait_for(lambda: len(jobs.pitr_restores.started) > before, process)
    wait_for(lambda: any('"writing"' in each.read_text() for each in states(program)), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    jobs.pitr_restores.timers.gate.set()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert len(jobs.pitr_restores.started) == before + 1
    assert done.named("job.reattached")
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)

    again = program.run("restore", "back", "--output", "json")
    assert again.code == 1
    assert "creates its table" in again.error["message"]


def forget_the_table(program: Program) -> None:
    """Makes the state as a run leaves it that is killed between the answer of AWS and its note."""
    (file,) = states(program)
    saved = json.loads(file.read_text())
    file.write_text(json.dumps(saved | {"stage": "requested", "table_id": None, "restored_time": None}))


def test_a_table_that_no_run_has_recorded_is_adopted_on_request_with_proof(
    sandbox: Aws, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS says where the table comes from until the restore ends. The plan has no vault, so the state is a file."""
    with jobs.clock.ago(3600):
        sandbox.create_table(name, pitr=True)
        sandbox.put(name, *ITEMS)
    back = {"table": name, "to": {"table": f"{name}-new"}, "method": "point-in-time"}
    document = json.loads(plan(sandbox, "none", restores={"back": back}))
    del document["destinations"]
    program.plan(json.dumps(document))
    jobs.pitr_restores.timers.gate.clear()
    before = len(jobs.pitr_restores.started)
    process = program.start("restore", "back")
    wait_for(lambda: any('"writing"' in each.read_text() for each in states(program)), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    forget_the_table(program)

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert f"AWS is restoring it from {name} as of the latest" in refused.error["message"]
    assert "--adopt" in refused.error["hint"]
    assert "pass --adopt" in program.run("preview", "restore", "back").out

    adopting = program.start("restore", "back", "--adopt")
    wait_for(lambda: any('"writing"' in each.read_text() for each in states(program)), adopting)
    jobs.pitr_restores.timers.gate.set()
    adopting.communicate()
    assert adopting.returncode == 0
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)

    forget_the_table(program)
    late = program.run("restore", "back", "--adopt", "--output", "json")
    assert late.code == 1
    assert "only until the restore has ended" in late.error["message"]
    assert len(jobs.pitr_restores.started) == before + 1


def test_only_a_restore_by_aws_into_a_new_table_adopts_one(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Other methods have tokens or ledgers."""
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": {"table": name}}))
    refused = program.run("restore", "back", "--adopt")
    assert refused.code == 64
    assert "--adopt applies to restores by AWS into a new table" in refused.err


@pytest.mark.parametrize("source", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_time_outside_the_recovery_window_is_refused(
    sandbox: Aws, bucket: str, name: str, program: Program, source: str
) -> None:
    """Before the call to AWS, with the window."""
    sandbox.create_table(name, pitr=True)
    restores = {
        "back": {"table": name, "from": source, "to": {"table": f"{name}-n"}, "method": "point-in-time"}
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 1
    assert "its recovery window is" in done.error["message"]


def test_a_point_in_time_restore_needs_a_table_with_recovery(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The hint names a method that restores from a backup."""
    restores = {"back": {"table": name, "to": {"table": f"{name}-n"}, "method": "point-in-time"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    gone = program.run("restore", "back", "--output", "json")
    sandbox.create_table(name)
    off = program.run("restore", "back", "--output", "json")

    assert (gone.code, off.code) == (1, 1)
    assert "needs the live table" in gone.error["message"]
    assert "recovery is disabled" in off.error["message"]
    assert "method: write" in off.error["hint"]


# ---- auto


def test_auto_chooses_write_for_a_small_table(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """An import takes minutes for any size. The event gives the reason."""
    backed_up(sandbox, bucket, name, program)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    (choice,) = done.named("method.chosen")
    assert choice["method"] == done.facts["method"] == "write"
    assert "import" in choice["because"]


def test_auto_chooses_import_if_writing_takes_long(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """A provisioned table with one write unit per second, and 2,000 units to write."""
    sandbox.create_table(
        name,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    items: list[Item] = [{"id": {"S": str(n)}, "v": {"S": "x" * 60_000}} for n in range(40)]
    sandbox.put(name, *items)
    to = {"table": f"{name}-new"}
    restores = {"back": {"table": name, "to": to, "limits": {"load_capacity": "as-recorded"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert done.facts["method"] == "import"
    assert "uses no write capacity" in done.named("method.chosen")[0]["because"]
    assert sandbox.items(f"{name}-new") == in_order(items)


# ---- all methods


def test_auto_chooses_write_if_the_import_is_denied(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With a second event. With `method: import`, it exits 77."""
    sandbox.create_table(
        name,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    items: list[Item] = [{"id": {"S": str(n)}, "v": {"S": "x" * 60_000}} for n in range(40)]
    sandbox.put(name, *items)

    def denied(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation != "ImportTable":
            return None
        error = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": _DENIED}
        return 400, json.dumps(error).encode()

    with FaultProxy(sandbox.url, denied) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        restores = {
            "auto": {
                "table": name,
                "to": {"table": f"{name}-a"},
                "limits": {"load_capacity": "as-recorded"},
            },
            "import": {"table": name, "to": {"table": f"{name}-i"}, "method": "import"},
        }
        tables = [{"name": name}]
        program.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=tables, restores=restores))
        assert program.run("backup").code == 0
        by_auto = program.run("restore", "auto", "--output", "json")
        by_import = program.run("restore", "import", "--output", "json")

    assert by_auto.code == 0, by_auto.out
    assert [each["method"] for each in by_auto.named("method.chosen")] == ["import", "write"]
    assert by_auto.facts["method"] == "write"
    assert sandbox.items(f"{name}-a") == in_order(items)
    assert by_import.code == 77
    assert _DENIED in by_import.error["message"]


def test_a_deleted_table_is_imported_again_by_the_same_run(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """For the old token AWS returns the old import and creates nothing, so the run uses another token."""
    backed_up(sandbox, bucket, name, program, method="import")
    before = len(jobs.imports.started)
    assert program.run("restore", "back", "--run-id", "ci-9").code == 0
    unchanged = program.run("restore", "back", "--run-id", "ci-9", "--output", "json")
    assert unchanged.report["outcomes"][0]["status"] == "unchanged"
    sandbox.dynamodb.delete_table(TableName=f"{name}-new")

    done = program.run("restore", "back", "--run-id", "ci-9", "--output", "json")

    assert done.code == 0, done.out
    assert len(jobs.imports.started) == before + 2
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_a_restore_that_times_out_is_resumed_by_the_same_command(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """`--timeout`: exit 75; the import continues, and the next run waits for it."""
    backed_up(sandbox, bucket, name, program, method="import")
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)

    late = program.run("restore", "back", "--timeout", "1s", "--output", "json")
    assert late.code == 75, late.out
    assert jobs.imports.started[-1].arn in late.error["message"]
    jobs.imports.timers.gate.set()
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert len(jobs.imports.started) == before + 1


def test_side_effects_of_writing_are_warnings(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A stream, time to live and low capacity: one event each before the first write."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS)])
    sandbox.create_table(
        name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    sandbox.dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    restores = {"back": {"table": "gone", "from": {"s3_uri": uri}, "to": {"table": name}, "method": "write"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": "gone"}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    warnings = [event["message"] for event in done.named("target.warned")]
    assert len(warnings) == 3
    assert "has a stream (NEW_IMAGE)" in warnings[0]
    assert "(attribute until)" in warnings[1]
    assert "5 write units" in warnings[2]


def test_a_copied_vault_can_be_restored(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """From another bucket and prefix, after the old bucket was emptied."""
    backed_up(sandbox, bucket, name, program, method="import")
    copy = sandbox.create_bucket(f"{name}-copy")
    for key in sandbox.keys(bucket):
        moved = key.replace("ddb/", "disaster/recovery/", 1)
        sandbox.s3.put_object(Bucket=copy, Key=moved, Body=sandbox.read(bucket, key))
        sandbox.s3.delete_object(Bucket=bucket, Key=key)
    restores = {
        "write": {"table": name, "to": {"table": f"{name}-w"}, "method": "write"},
        "import": {"table": name, "to": {"table": f"{name}-i"}, "method": "import"},
    }
    vault = {"bucket": copy, "prefix": "disaster/recovery/{table}/"}
    program.plan(plan(sandbox, "", destinations={"vault": vault}, tables=[{"name": name}], restores=restores))

    for each in restores:
        done = program.run("restore", each, "--output", "json")
        assert done.code == 0, done.out
        assert sandbox.items(f"{name}-{each[0]}") == in_order(ITEMS)


@pytest.mark.parametrize(
    ("method", "operation"),
    [
        ("import", "ImportTable"),
        ("bulk-put", "StartBulkPutItems"),
        ("point-in-time", "RestoreTableToPointInTime"),
    ],
)
def test_a_job_whose_response_was_lost_is_not_started_twice(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    jobs: Sandbox,
    clock: SandboxClock,
    method: str,
    operation: str,
) -> None:
    """The SDK repeats the request: with the same token, or for a table that exists by then.

    A point-in-time restore must not end before the program has looked at the table, as on AWS, where it takes
    minutes: RestoreSummary, which proves who requested it, disappears at the end.
    """
    lost = iter([RESET_AFTER])
    looks: list[bytes] = []  # at the target, since the response was lost
    gate = jobs.pitr_restores.timers.gate
    gate.clear()

    def lose_one(called: str, body: bytes) -> tuple[int, bytes] | None:
        if called == "DescribeTable" and started[method]() > before:
            looks.append(body)
            if len(looks) > 1:
                gate.set()
        return next(lost, None) if called == operation else None

    started: dict[str, Callable[[], int]] = {
        "import": lambda: len(jobs.imports.started),
        "bulk-put": lambda: len(jobs.bulk_puts.started),
        "point-in-time": lambda: len(jobs.pitr_restores.started),
    }
    before = started[method]()
    backed_up(sandbox, bucket, name, program)
    clock.advance(600)
    with FaultProxy(sandbox.url, lose_one) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        restores = {"back": {"table": name, "to": {"table": f"{name}-new"}, "method": method}}
        program.plan(
            plan(sandbox, bucket, {"endpoint_urls": urls}, tables=[{"name": name}], restores=restores)
        )
        done = program.run("restore", "back", "--output", "json")
        assert proxy.faults[RESET_AFTER[0]] == 1

    assert done.code == 0, done.out
    assert started[method]() == before + 1
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_a_point_in_time_is_restored_into_another_region(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    jobs: Sandbox,
    clock: SandboxClock,
) -> None:
    """With the RestoreDateTime of the plan. AWS requires the encryption to be stated for another region."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    clock.advance(1800)
    moment = datetime.fromtimestamp(int(clock.now()), UTC)
    sandbox.put(name, {"id": {"S": "later"}})
    clock.advance(1800)
    to = {"table": f"{name}-new", "region": "eu-central-1"}
    back = {"table": name, "from": moment.isoformat(), "to": to, "method": "point-in-time"}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": back}))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert done.facts["restored_time"] == moment.isoformat().replace("+00:00", "Z")
    assert Arn.parse(jobs.pitr_restores.started[-1]).region == "eu-central-1"
    there = sandbox.client("dynamodb", "eu-central-1")
    assert there.scan(TableName=f"{name}-new", Select="COUNT")["Count"] == 60
