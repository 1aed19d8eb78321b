"""Restore by import, by bulk put and to a point in time, through the real program on the sandbox's emulations."""

from __future__ import annotations

import gzip
import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import KEY, SECRET, Aws, in_order, line, md5
from tests.support.fault_proxy import RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}, "b": {"B": "aGVsbG8="}} for n in range(60)]


def facts(result: Result) -> dict[str, Any]:
    return dict(result.report["outcomes"][0]["facts"])


def error(result: Result) -> dict[str, Any]:
    return dict(result.report["outcomes"][0]["error"])


def backed_up(aws: Aws, bucket: str, name: str, program: Program, **restore: Any) -> None:
    """A table with items, its backup, and a plan with one restore of it, `back`."""
    aws.create_table(name, pitr=True)
    aws.put(name, *ITEMS)
    wanted = {"table": name, "to": {"table": f"{name}-new"}, **restore}
    program.plan(plan(aws, bucket, tables=[{"name": name}], restores={"back": wanted}))
    assert program.run("backup").code == 0


def states(program: Program) -> list[Path]:
    """What the program has written down of its restores."""
    return list((program.directory / "state" / "restores").glob("*/restore.json"))


def wait_for(happened: Callable[[], bool], process: Any = None) -> None:
    """Until something is so, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not happened():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


# ---- import


def test_an_import_makes_the_table_and_loads_every_item(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Keys, indexes and billing of the record; counts of the import against the manifest."""
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
    told = facts(done)
    assert (told["method"], told["items"], told["written"], told["kept"]) == ("import", 40, 40, 0)
    assert "/import/" in told["job_arn"]
    assert [event["job_arn"] for event in done.named("job.started")] == [told["job_arn"]]
    assert sandbox.items(f"{name}-new") == in_order(items)
    before = sandbox.dynamodb.describe_table(TableName=name)["Table"]
    after = sandbox.dynamodb.describe_table(TableName=f"{name}-new")["Table"]
    for member in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingModeSummary"):
        assert after[member] == before[member]


def test_an_import_that_was_killed_is_taken_up_and_no_other_is_started(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """SIGKILL while AWS works: the next run waits for the same import."""
    backed_up(sandbox, bucket, name, program, method="import")
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)
    process = program.start("restore", "back")
    wait_for(lambda: len(jobs.imports.started) > before, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    jobs.imports.timers.gate.set()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert len(jobs.imports.started) == before + 1
    assert facts(done)["job_arn"] == jobs.imports.started[-1].arn
    assert [event["event"] for event in done.events if event["event"] == "restore.resumed"]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


def test_an_import_of_the_same_run_is_found_though_the_machine_forgot_it(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """A CI job that is repeated elsewhere: the token is the same, so ListImports tells which import is ours."""
    backed_up(sandbox, bucket, name, program, method="import")
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)
    process = program.start("restore", "back", "--run-id", "ci-7")
    wait_for(lambda: len(jobs.imports.started) > before, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    elsewhere = str(program.directory / "elsewhere")

    other = program.run(
        "restore", "back", "--run-id", "ci-8", "--output", "json", DDBBACKUP_STATE_DIR=elsewhere
    )
    assert other.code == 1
    assert "another import" in error(other)["message"]
    jobs.imports.timers.gate.set()
    again = program.run(
        "restore", "back", "--run-id", "ci-7", "--output", "json", DDBBACKUP_STATE_DIR=elsewhere
    )

    assert again.code == 0, again.err
    assert again.named("job.reattached")
    assert len(jobs.imports.started) == before + 1


def test_a_bad_line_fails_the_import_and_leaves_the_table(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Exit 65: what was imported stays, nothing is deleted, and the message says where AWS logged the rest."""
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
    said = error(done)
    assert "60 of 61 items were imported, 1 failed" in said["message"]
    assert "does not delete it" in said["message"]
    assert "/aws-dynamodb/imports" in said["hint"]
    assert done.named("job.failed")[0]["failure_code"] == "ItemValidationError"
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)

    again = program.run("restore", "back", "--output", "json")
    assert (again.code, error(again)["message"]) == (65, said["message"])


def test_an_import_reads_only_what_the_manifest_names(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS reads by prefix: an object that does not belong there, or one that is gone, is refused before."""
    backed_up(sandbox, bucket, name, program, method="import")
    before = len(jobs.imports.started)
    (key, *_) = [k for k in sandbox.keys(bucket, f"ddb/{name}/AWSDynamoDB/") if "/data/" in k]
    stray = key.rpartition("/")[0] + "/stray.json.gz"
    sandbox.s3.put_object(Bucket=bucket, Key=stray, Body=b"")

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "not in the manifest" in error(refused)["message"]

    sandbox.s3.delete_object(Bucket=bucket, Key=stray)
    sandbox.s3.delete_object(Bucket=bucket, Key=key)
    missing = program.run("restore", "back", "--output", "json")
    assert missing.code == 65
    assert key in error(missing)["message"]
    assert len(jobs.imports.started) == before


def test_what_an_import_cannot_make_is_refused_before_anything_is_asked(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """A table with a local secondary index, and one that exists."""
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
    assert "local secondary indexes" in error(local)["message"]
    assert error(exists)["hint"]
    assert len(jobs.imports.started) == before


# ---- bulk put


def test_a_bulk_put_loads_every_item_into_a_table_that_exists(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Everything that is needed is sent, reports go beside the export, and it is called experimental."""
    backed_up(sandbox, bucket, name, program, method="bulk-put", limits={"write_units_per_second": 2000})
    sandbox.create_table(f"{name}-new")

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    told = facts(done)
    assert (told["method"], told["items"], told["written"], told["experimental"]) == (
        "bulk-put",
        60,
        60,
        True,
    )
    assert "experimental" in done.named("target.warned")[0]["message"]
    wish = jobs.bulk_puts.started[-1].request
    assert wish["MaxWriteRequestUnits"] == 2000
    assert wish["OutputS3Configuration"]["OutputType"] == ["ERROR", "CONDITION_CHECK_FAILURE"]
    assert wish["OutputS3Configuration"]["S3KeyPrefix"].startswith(f"ddb/{name}/ddbbackup-bulk-put-reports/")
    assert wish["InputS3Configuration"]["S3KeyPrefix"].endswith("/data/")
    assert wish["InputS3Configuration"]["InputCompressionType"] == "GZIP"
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)
    assert program.run("list", "--output", "json").code == 0


def test_items_that_a_bulk_put_cannot_write_make_the_data_not_whole(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """COMPLETED_WITH_ERRORS is exit 65, and so is COMPLETED with items that a condition withheld."""
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
    assert "COMPLETED_WITH_ERRORS" in error(failed)["message"]
    assert "60 of 61 items were written, 1 failed" in error(failed)["message"]
    assert sandbox.items(f"{name}-bad") == in_order(ITEMS)

    jobs.bulk_puts.withholds = lambda each: b'"id":{"S":"7"}' in each
    withheld = program.run("restore", "withheld", "--output", "json")
    assert withheld.code == 65, withheld.out
    assert "59 of 60 items were written, 0 failed, 1 were withheld" in error(withheld)["message"]


def test_a_bulk_put_that_was_killed_is_taken_up_and_no_other_is_started(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """SIGKILL while AWS works: the table is no longer empty, and the next run waits for the same job."""
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


def test_a_bulk_put_that_was_cancelled_is_started_anew(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Exit 1, for what was written stays; the next run puts everything with a token of its own."""
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
    said = (program.directory / "ddbbackup.yaml").read_text()
    program.plan(said.replace('"bulk-put"', '"auto"'))
    by_auto = program.run("restore", "back", "--output", "json")
    assert by_auto.code == 1, "auto goes on with nothing experimental"
    assert "already holds items" in error(by_auto)["message"]
    program.plan(said)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    first, second = jobs.bulk_puts.started[before:]
    assert first.request["ClientToken"] != second.request["ClientToken"]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)


# ---- point in time


def test_a_live_table_is_restored_to_a_point_in_time_without_any_backup(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS copies; indexes stay; the report says that nothing was counted and what is not put back."""
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
    restores = {"back": {"table": name, "to": {"table": f"{name}-new"}, "method": "point-in-time"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": "another"}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    told = facts(done)
    assert (told["method"], told["written"]) == ("point-in-time", None)
    assert told["restored_time"].startswith("20")
    assert "counts nothing" in told["notes"][0]
    assert sandbox.items(f"{name}-new") == in_order(ITEMS)
    table = sandbox.dynamodb.describe_table(TableName=f"{name}-new")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-who"]
    assert "RestoreSummary" not in table


def test_a_point_in_time_restore_that_was_killed_is_taken_up(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """There is no token: the table that AWS makes is known by its id."""
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
    assert "makes its own table" in error(again)["message"]


@pytest.mark.parametrize("source", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_time_outside_the_recovery_window_is_refused_with_the_window(
    sandbox: Aws, bucket: str, name: str, program: Program, source: str
) -> None:
    """Before AWS is asked, in words that say what would do."""
    sandbox.create_table(name, pitr=True)
    restores = {
        "back": {"table": name, "from": source, "to": {"table": f"{name}-n"}, "method": "point-in-time"}
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 1
    assert "recovery window goes from" in error(done)["message"]


def test_a_table_without_recovery_and_one_that_is_gone_have_no_past(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The hint says which methods restore from a backup."""
    restores = {"back": {"table": name, "to": {"table": f"{name}-n"}, "method": "point-in-time"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    gone = program.run("restore", "back", "--output", "json")
    sandbox.create_table(name)
    off = program.run("restore", "back", "--output", "json")

    assert (gone.code, off.code) == (1, 1)
    assert "needs the live table" in error(gone)["message"]
    assert "recovery is off" in error(off)["message"]
    assert "method: write" in error(off)["hint"]


# ---- auto


def test_auto_writes_and_says_why(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A small table: an import would take its minutes whatever the size."""
    backed_up(sandbox, bucket, name, program)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    (choice,) = done.named("method.chosen")
    assert choice["method"] == facts(done)["method"] == "write"
    assert "import" in choice["because"]


def test_auto_imports_what_would_take_long_to_write(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """A provisioned table of one write unit a second, and 2000 of them to write."""
    sandbox.create_table(
        name,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    items: list[Item] = [{"id": {"S": str(n)}, "v": {"S": "x" * 60_000}} for n in range(40)]
    sandbox.put(name, *items)
    restores = {"back": {"table": name, "to": {"table": f"{name}-new"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert facts(done)["method"] == "import"
    assert "uses no capacity" in done.named("method.chosen")[0]["because"]
    assert sandbox.items(f"{name}-new") == in_order(items)


# ---- what every method shares


def test_an_import_that_may_not_be_started_is_written_instead_if_auto_chose_it(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With a warning; where the plan itself says `import`, it is exit 77."""
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
        return (400, b'{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not you"}')

    with FaultProxy(sandbox.url, denied) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        restores = {
            "auto": {"table": name, "to": {"table": f"{name}-a"}},
            "import": {"table": name, "to": {"table": f"{name}-i"}, "method": "import"},
        }
        tables = [{"name": name}]
        program.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=tables, restores=restores))
        assert program.run("backup").code == 0
        by_auto = program.run("restore", "auto", "--output", "json")
        by_import = program.run("restore", "import", "--output", "json")

    assert by_auto.code == 0, by_auto.out
    assert [each["method"] for each in by_auto.named("method.chosen")] == ["import", "write"]
    assert facts(by_auto)["method"] == "write"
    assert sandbox.items(f"{name}-a") == in_order(items)
    assert by_import.code == 77
    assert "not you" in error(by_import)["message"]


def test_a_table_that_was_imported_and_deleted_is_imported_again_by_the_same_run(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """AWS gives the old import back for the old token and makes nothing; the next token starts a new one."""
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


def test_a_restore_that_takes_too_long_leaves_its_job_and_says_how_to_take_it_up(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """`--timeout`: exit 75, and the same command goes on with the same import."""
    backed_up(sandbox, bucket, name, program, method="import")
    jobs.imports.timers.gate.clear()
    before = len(jobs.imports.started)

    late = program.run("restore", "back", "--timeout", "1s", "--output", "json")
    assert late.code == 75, late.out
    assert jobs.imports.started[-1].arn in error(late)["message"]
    jobs.imports.timers.gate.set()
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert len(jobs.imports.started) == before + 1


def test_what_writing_sets_off_is_warned_of_before(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A stream, time to live, little capacity: one event each, and the restore goes on."""
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
    said = [event["message"] for event in done.named("target.warned")]
    assert len(said) == 3
    assert "has a stream (NEW_IMAGE)" in said[0]
    assert "(until)" in said[1]
    assert "5 write units" in said[2]


def test_a_vault_that_was_copied_restores_from_its_copy(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Another bucket and another prefix, the old one gone: data lies beside its record."""
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
def test_a_job_whose_answer_was_lost_is_not_started_twice(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox, method: str, operation: str
) -> None:
    """AWS heard the request and the connection broke: the SDK asks again, by token or for a name that exists now."""
    lost = iter([RESET_AFTER])

    def lose_one(asked: str, body: bytes) -> tuple[int, bytes] | None:
        return next(lost, None) if asked == operation else None

    started: dict[str, Callable[[], int]] = {
        "import": lambda: len(jobs.imports.started),
        "bulk-put": lambda: len(jobs.bulk_puts.started),
        "point-in-time": lambda: len(jobs.pitr_restores.started),
    }
    before = started[method]()
    backed_up(sandbox, bucket, name, program)
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


def test_a_time_inside_the_window_is_restored_and_another_region_gets_a_key_of_its_own(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    jobs: Sandbox,
    age_recovery: Callable[[str, float], None],
) -> None:
    """RestoreDateTime as the plan says it; across regions AWS wants the encryption said."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    age_recovery(name, 3600)
    moment = (datetime.now(UTC) - timedelta(minutes=30)).replace(microsecond=0)
    to = {"table": f"{name}-new", "region": "eu-central-1"}
    back = {"table": name, "from": moment.isoformat(), "to": to, "method": "point-in-time"}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": back}))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert facts(done)["restored_time"] == moment.isoformat().replace("+00:00", "Z")
    assert Arn.parse(jobs.pitr_restores.started[-1]).region == "eu-central-1"
    there = boto3.Session(KEY, SECRET, region_name="eu-central-1").client(
        "dynamodb", endpoint_url=sandbox.url
    )
    assert there.scan(TableName=f"{name}-new", Select="COUNT")["Count"] == 60
