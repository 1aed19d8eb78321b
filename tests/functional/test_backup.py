"""``backup``, ``wait``, ``status``, ``list`` and ``verify``, by running the program against the sandbox."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ddbbackup.catalog import derive_client_token, new_backup_id
from ddbbackup.sandbox.export_rules import ExportState
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.times import to_iso
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(30)]


def record(aws: Aws, bucket: str, table: str) -> dict[str, Any]:
    """The only record of a table."""
    (key,) = [key for key in aws.record_keys(bucket, table) if key.endswith(".json")]
    return dict(json.loads(aws.read(bucket, key)))


def exports_of(exports: MotoExports, table: str) -> list[ExportState]:
    return [export for export in exports.started if export.table_arn.endswith(f"/{table}")]


def test_a_backup_writes_a_complete_record_with_the_table_description(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The bucket holds everything that a restore needs after the table is deleted."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    done = program.run("backup", "--output", "json")

    assert done.code == 0, done.err
    written = record(sandbox, bucket, name)
    assert written["state"] == "complete"
    assert written["data"]["item_count"] == 30
    assert written["table"]["name"] == name
    description = sandbox.table_document(bucket, name, written["table"]["description"])
    assert description["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert done.facts["backup"] == written["id"]
    listed = json.loads(program.run("list", "--output", "json").out)
    assert [each["backup"] for each in listed["backups"]] == [written["id"]]
    status = json.loads(program.run("status", "--output", "json").out)
    assert status["tables"][0]["status"] == "ok"
    assert program.run("verify").code == 0


def test_a_run_id_starts_no_second_export(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """A pipeline that retries its job pays for one export."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    codes = [program.run("backup", "--run-id", "job-1").code for _ in range(2)]

    assert codes == [0, 0]
    assert len(exports_of(exports, name)) == 1


def test_wait_completes_the_backup_of_a_killed_run(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """SIGKILL, then `wait`: the record is completed, and no second export is started."""
    exports.export_seconds = (3.0, 3.0)
    _start_and_kill(sandbox, bucket, name, program, exports)
    assert record(sandbox, bucket, name)["state"] == "in_progress"

    waited = program.run("wait", "--output", "json")

    assert waited.code == 0, waited.err
    assert record(sandbox, bucket, name)["state"] == "complete"
    assert len(exports_of(exports, name)) == 1


def test_the_same_run_id_completes_the_backup_of_a_killed_run(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """SIGKILL, then the same command: the same export, and one complete record."""
    exports.export_seconds = (3.0, 3.0)
    _start_and_kill(sandbox, bucket, name, program, exports)

    again = program.run("backup", "--run-id", "job-1", "--output", "json")

    assert again.code == 0, again.err
    assert record(sandbox, bucket, name)["state"] == "complete"
    assert len(exports_of(exports, name)) == 1
    assert again.named("export.reattached")


def _start_and_kill(aws: Aws, bucket: str, name: str, program: Program, exports: MotoExports) -> None:
    aws.create_table(name, pitr=True)
    aws.put(name, *ITEMS)
    program.plan(plan(aws, bucket, tables=[{"name": name}]))
    process = program.start("backup", "--run-id", "job-1")
    while not exports_of(exports, name):
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("verb", [("backup", "--run-id", "job-2"), ("wait",)], ids=lambda verb: verb[0])
def test_a_record_does_not_choose_the_time_of_the_data(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    clock: SandboxClock,
    verb: tuple[str, ...],
) -> None:
    """A record in progress, forged for a run ID that can be guessed, asks for old data: the plan does not."""
    arn = sandbox.create_table(name, pitr=True)
    clock.advance(20 * 86400)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup", "--run-id", "job-1").code == 0
    (genuine_key,) = sandbox.record_keys(bucket, name)
    forged = record(sandbox, bucket, name)
    table_id, now = forged["table"]["id"], datetime.fromtimestamp(int(clock.now()), UTC)
    ids: dict[str, Any] = {"plan": forged["plan"], "table_arn": arn, "run": "job-2", "attempt": 1}
    old = now - timedelta(days=10)
    forged |= {
        "id": new_backup_id(old, **ids),
        "run": "job-2",
        "state": "in_progress",
        "started_at": to_iso(now),
    }
    token = derive_client_token(table_id=table_id, **ids)
    forged["export"] = {"client_token": token, "requested_time": to_iso(old)}
    forged["chain"] = {"base": forged["id"], "needs": [forged["id"]]}
    key = f"{genuine_key.rpartition('/')[0]}/{forged['id']}.json"
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(forged).encode())

    program.run(*verb)

    assert [each.request.get("ExportTime") for each in exports_of(exports, name)][1:] in ([], [None])
    again = program.run("backup", "--run-id", "job-2")
    assert again.code == 0, again.err
    assert [each.request.get("ExportTime") for each in exports_of(exports, name)] == [None, None]


def test_no_wait_only_starts_exports_and_wait_completes_them(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """For pipelines that run two short jobs instead of a long one."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    started = program.run("backup", "--no-wait", "--output", "json")
    assert started.code == 0, started.err
    assert started.report["outcomes"][0]["status"] == "started"
    assert record(sandbox, bucket, name)["state"] == "in_progress"

    assert program.run("wait").code == 0
    assert record(sandbox, bucket, name)["state"] == "complete"
    assert "nothing is in progress (run " in program.run("wait").out


def test_globs_and_tags_select_tables_and_all_have_the_common_export_time(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    clock: SandboxClock,
) -> None:
    """`match` without `exclude`, `tags` that all match, and one ExportTime for every table."""
    for suffix in ("-a", "-b", "-b-tmp", "x"):
        sandbox.create_table(f"{name}{suffix}", pitr=True)
    clock.advance(3600)
    arn = sandbox.dynamodb.describe_table(TableName=f"{name}x")["Table"]["TableArn"]
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": name}])
    entries = [{"match": f"{name}-*", "exclude": ["*-tmp"], "expect": {"min": 2}}, {"tags": {"backup": name}}]
    program.plan(plan(sandbox, bucket, tables=entries, export_time="common"))

    done = program.run("backup", "--output", "json")

    assert done.code == 0, done.err
    assert {each["table"] for each in done.report["outcomes"]} == {f"{name}-a", f"{name}-b", f"{name}x"}
    times = {e.export_time for suffix in ("-a", "-b", "x") for e in exports_of(exports, f"{name}{suffix}")}
    assert len(times) == 1


def test_point_in_time_recovery_is_enabled_if_the_plan_allows_it(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`pitr: enable` enables it and continues with the export."""
    sandbox.create_table(name)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "pitr": "enable"}]))

    done = program.run("backup")

    assert done.code == 0, done.err
    assert done.named("pitr.enabled")


def test_a_table_that_fails_does_not_stop_the_others(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """One has no point-in-time recovery, one does not exist, one is backed up: exit 3, each error with its hint."""
    sandbox.create_table(f"{name}-good", pitr=True)
    sandbox.create_table(f"{name}-off")
    names = [f"{name}-good", f"{name}-off", f"{name}-gone"]
    program.plan(plan(sandbox, bucket, tables=[{"name": each} for each in names]))

    done = program.run("backup", "--output", "json")

    outcomes = {each["table"]: each for each in done.report["outcomes"]}
    assert done.code == 3
    assert outcomes[f"{name}-good"]["status"] == "done"
    assert outcomes[f"{name}-off"]["error"]["kind"] == "PitrDisabled"
    assert "pitr: enable" in outcomes[f"{name}-off"]["error"]["hint"]
    assert outcomes[f"{name}-gone"]["error"]["kind"] == "TableMissing"


def test_a_missing_bucket_fails_before_any_export(
    sandbox: Aws, name: str, program: Program, exports: MotoExports
) -> None:
    """With a hint; no export is paid for."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, "no-such-bucket-anywhere", tables=[{"name": name}]))

    done = program.run("backup", "--output", "json")

    assert done.code == 1
    error = done.error
    assert "no-such-bucket-anywhere" in error["message"]
    assert "create the bucket" in error["hint"]
    assert not exports_of(exports, name)


def test_a_failed_export_is_reported_with_the_code_of_aws_and_a_hint(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """AWS checks the bucket policy only when it writes, minutes after it accepted the export."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    def lose_access(export: ExportState) -> None:
        export.failure = (
            "S3AccessDenied",
            "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: s3:PutObject",
        )

    exports.before_completed = lose_access
    done = program.run("backup", "--output", "json")

    assert done.code == 1, done.err
    error = done.error
    assert error["kind"] == "RemoteJobFailed"
    assert "S3AccessDenied" in error["message"]
    assert "assumed-role/x" in error["message"]
    assert "s3:PutObject" in error["hint"]
    assert record(sandbox, bucket, name)["state"] == "failed"


def _of(aws: Aws, export: ExportState, part: str) -> str:
    """The key of the largest object of an export below ``part``, which is not an empty data file."""
    keys = [
        key
        for key in aws.keys(export.request["S3Bucket"], export.root + part)
        if not key.endswith("_started")
    ]
    bodies = {key: aws.read(export.request["S3Bucket"], key) for key in keys}
    return max(bodies, key=lambda key: len(bodies[key]))


def flip_a_byte(aws: Aws, export: ExportState) -> None:
    key = _of(aws, export, "data/")
    body = bytearray(aws.read(export.request["S3Bucket"], key))
    body[len(body) // 2] ^= 1
    aws.s3.put_object(Bucket=export.request["S3Bucket"], Key=key, Body=bytes(body))


def cut_off(aws: Aws, export: ExportState) -> None:
    key = _of(aws, export, "data/")
    body = aws.read(export.request["S3Bucket"], key)
    aws.s3.put_object(Bucket=export.request["S3Bucket"], Key=key, Body=body[: len(body) // 2])


def lose_a_file(aws: Aws, export: ExportState) -> None:
    aws.s3.delete_object(Bucket=export.request["S3Bucket"], Key=_of(aws, export, "data/"))


def lie_about_the_count(aws: Aws, export: ExportState) -> None:
    """Consistently: the manifests match their hashes and each other; only the count of DescribeExport differs."""
    bucket = export.request["S3Bucket"]
    lines = aws.read(bucket, export.root + "manifest-files.json").splitlines()
    aws.put_manifests(bucket, export.root, [json.loads(each) for each in lines[1:]])


def change_the_manifest(aws: Aws, export: ExportState) -> None:
    key = export.root + "manifest-files.json"
    body = aws.read(export.request["S3Bucket"], key)
    aws.s3.put_object(Bucket=export.request["S3Bucket"], Key=key, Body=body.replace(b"}\n", b"} \n"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip_a_byte, "data file"),
        (cut_off, "data file"),
        (lose_a_file, "missing"),
        (lie_about_the_count, "DescribeExport"),
        (change_the_manifest, "manifest-files"),
    ],
)
def test_a_damaged_export_is_never_a_backup(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    damage: Callable[[Aws, ExportState], None],
    words: str,
) -> None:
    """Exit 65, the state in the record, and no restore from it."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    exports.before_completed = lambda export: damage(sandbox, export)
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))

    done = program.run("backup", "--output", "json")

    assert done.code == 65, done.err
    error = done.error
    assert error["kind"] == "DataIncomplete"
    assert words in error["message"]
    assert error["hint"]
    assert record(sandbox, bucket, name)["state"] == "not_whole"
    restored = program.run("restore", "back")
    assert restored.code == 1
    assert "no complete backup" in restored.out


def test_verify_finds_damage_that_happened_after_the_backup(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """A backup that was complete: exit 65."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0
    flip_a_byte(sandbox, exports_of(exports, name)[0])

    done = program.run("verify")

    assert done.code == 65
    assert "1 of 4 data files does not match the manifest" in done.out


def test_no_item_data_is_logged_or_recorded(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Not in events or reports, not beside the data in the bucket, not in the state directory."""
    item = {"id": {"S": "top-secret-id"}, "v": {"S": "top-secret-value"}}
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, item)
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))

    done = program.run("backup")
    restored = program.run("restore", "back")

    assert (done.code, restored.code) == (0, 0)
    assert sandbox.items(f"{name}-2") == [item], "the program handled the item"
    written = {"stdout and stderr": (done.out + done.err + restored.out + restored.err).encode()}
    written |= {key: sandbox.read(bucket, key) for key in sandbox.keys(bucket) if "/data/" not in key}
    state = program.directory / "state"
    written |= {str(path): path.read_bytes() for path in state.rglob("*") if path.is_file()}
    assert any(key.endswith(".json") for key in written)
    assert [where for where, content in written.items() if b"top-secret" in content] == []
