"""``method: incremental``, by running the program against the sandbox, whose time the tests move."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

HOUR = 3600.0
ITEMS = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(5)]


@pytest.fixture
def backed_up(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> Callable[..., Any]:
    """Writes the plan and the first, full backup. The function makes the next one."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    clock.advance(2)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": "incremental"}]))

    def back_up(*options: str) -> Any:
        done = program.run("backup", "--output", "json", *options)
        assert done.code == 0, done.err
        return done

    back_up()
    return back_up


def records(aws: Aws, bucket: str, table: str) -> list[dict[str, Any]]:
    """All records of a table, oldest first."""
    return [json.loads(aws.read(bucket, key)) for key in aws.record_keys(bucket, table)]


def test_the_first_backup_is_full_and_the_next_one_a_window(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any]
) -> None:
    """The window begins exactly where the full backup ends, and its record names what it needs."""
    sandbox.put(name, {"id": {"S": "new"}})
    clock.advance(HOUR)
    backed_up()

    base, window = records(sandbox, bucket, name)
    assert base["chain"]["restarted"]["reason"] == "first"
    assert base["covers"]["kind"] == "instant"
    assert window["covers"]["kind"] == "window"
    assert window["covers"]["start"] == base["covers"]["end"].partition(".")[0].removesuffix("Z") + "Z"
    assert window["chain"]["needs"] == [base["id"], window["id"]]
    assert window["data"]["item_count"] == 1
    assert window["data"]["view"] == "NEW_AND_OLD_IMAGES"
    assert base["table"]["description"] == window["table"]["description"]
    assert base["settings"] == window["settings"]


def test_a_run_that_comes_too_early_starts_nothing(
    name: str, exports: MotoExports, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    """And is no failure: a schedule may be closer than 15 minutes."""
    clock.advance(600)
    early = backed_up()
    assert early.report["outcomes"][0]["status"] == "unchanged"
    assert "due" in early.facts
    assert early.named("window.postponed")
    assert f"next window due at {early.facts['due']}" in program.run("backup").out
    assert len([each for each in exports.started if each.table_arn.endswith(f"/{name}")]) == 1
    preview = json.loads(program.run("preview", "--output", "json").out)
    assert "the next window" in preview["backups"][0]["summary"]


def test_missed_runs_are_made_up_for(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any]
) -> None:
    """By windows of a day, in one run."""
    clock.advance(60 * HOUR)
    done = backed_up()
    assert done.facts["windows"] == 3
    windows = records(sandbox, bucket, name)[1:]
    spans = [hours_of(each["covers"]) for each in windows]
    assert spans[:2] == [24, 24]
    assert 11 < spans[2] < 12.1
    assert [each["chain"]["previous"] for each in windows[1:]] == [each["id"] for each in windows[:-1]]


def test_a_gap_of_the_recovery_window_is_said_loudly(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    """Recovery was disabled and enabled again: a full backup begins a new chain; an event and `status` say so."""
    clock.advance(HOUR)
    sandbox.set_pitr(name, enabled=False)
    sandbox.set_pitr(name, enabled=True)
    clock.advance(HOUR)
    preview = program.run("preview")
    assert "point-in-time recovery was disabled" in preview.out
    done = backed_up()
    assert done.named("chain.restarted")
    base, again = records(sandbox, bucket, name)
    assert again["chain"]["restarted"]["reason"] == "gap"
    assert again["chain"]["needs"] == [again["id"]]
    assert again["chain"]["restarted"]["missing_from"].startswith(base["covers"]["end"][:19])
    assert f"gap: {name}: changes after " in program.run("status").out


def test_a_table_that_was_created_again_begins_a_new_chain(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any]
) -> None:
    """Windows of the new table would not follow the data of the old one."""
    clock.advance(HOUR)
    sandbox.dynamodb.delete_table(TableName=name)
    sandbox.create_table(name, pitr=True)
    clock.advance(HOUR)
    backed_up()
    assert records(sandbox, bucket, name)[-1]["chain"]["restarted"]["reason"] == "recreated"


def test_a_full_backup_is_made_again_by_full_every(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    entry = {"name": name, "method": "incremental", "full_every": "2d"}
    program.plan(plan(sandbox, bucket, tables=[entry]))
    clock.advance(49 * HOUR)
    backed_up()
    assert [each["covers"]["kind"] for each in records(sandbox, bucket, name)] == ["instant", "instant"]


def test_a_lost_base_begins_a_new_chain(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any]
) -> None:
    """A window without its base cannot be restored."""
    clock.advance(HOUR)
    backed_up()
    sandbox.s3.delete_object(Bucket=bucket, Key=sandbox.record_keys(bucket, name)[0])
    clock.advance(HOUR)
    backed_up()
    assert records(sandbox, bucket, name)[-1]["chain"]["restarted"]["reason"] == "broken"


def test_a_lost_window_begins_a_new_chain(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    """No window after it can be restored. Until then `status` and a restore say which backups are of no use."""
    for _ in range(2):
        clock.advance(HOUR)
        backed_up()
    base, lost, last = records(sandbox, bucket, name)
    sandbox.s3.delete_object(Bucket=bucket, Key=sandbox.record_keys(bucket, name)[1])
    entry = {"name": name, "method": "incremental", "rpo": "90m"}
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[entry], restores=restores))
    status = program.run("status", "--output", "json")
    assert status.code == 4
    (row,) = json.loads(status.out)["tables"]
    assert row["backup"] == base["id"]
    assert status.named("backup.passed_over")[0]["backup"] == last["id"]
    why = f"it needs the backup {lost['id']}, but it does not exist"
    assert row["not_restorable"] == [{"backup": last["id"], "reason": why, "damaged": False}]
    text = program.run("status").out
    assert "1 stale (plan " in text
    assert f"not restorable: {last['id']} of {name}: {why}\n" in text
    for options in ((), ("--last", "1")):
        listed = json.loads(program.run("list", *options, "--output", "json").out)["backups"]
        assert {each["backup"]: each["not_restorable"] for each in listed}[last["id"]] == why
        text = program.run("list", *options).out
        assert f"not restorable: {last['id']} of {name}: {why}\n" in text
        assert text.count("  not_restorable  ") == 1
    verified = program.run("verify", "--all", "--output", "json")
    assert verified.code == 65
    error = {each["facts"]["backup"]: each["error"] for each in verified.report["outcomes"]}
    assert error[base["id"]] is None
    assert error[last["id"]]["message"].endswith(f"but the backup cannot be restored: {why}")
    reason = f"the newer backup {last['id']} cannot be restored: {why}"
    assert reason in program.run("preview", "restore", "back").out
    restored = program.run("restore", "back", "--output", "json")
    assert restored.facts["backup"] == base["id"]
    assert [note for note in restored.facts["notes"] if note.startswith(reason)]
    backed_up()
    assert records(sandbox, bucket, name)[-1]["chain"]["restarted"]["reason"] == "broken"
    assert program.run("status").code == 0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_backup_begins_a_new_chain(
    sandbox: Aws,
    bucket: str,
    name: str,
    clock: SandboxClock,
    backed_up: Callable[..., Any],
    program: Program,
    number: int,
) -> None:
    """The full one or any window: what `verify` found damaged must not carry windows for a month."""
    for _ in range(2):
        sandbox.put(name, {"id": {"S": "new"}, "v": {"S": str(clock.now())}})
        clock.advance(HOUR)
        backed_up()
    damaged = records(sandbox, bucket, name)[number]
    folder = damaged["export"]["arn"].rpartition("/")[2]
    (key,) = [key for key in sandbox.keys(bucket) if key.endswith(f"/{folder}/manifest-files.json")]
    for line in sandbox.read(bucket, key).splitlines():
        sandbox.s3.delete_object(Bucket=bucket, Key=json.loads(line)["dataFileS3Key"])
    found = program.run("verify", "--all", "--output", "json")
    assert found.code == 65
    failed = {each["step"].split()[1] for each in found.report["outcomes"] if each["status"] == "failed"}
    made = records(sandbox, bucket, name)
    assert made[number]["verified"]["result"] == "damaged"
    of_no_use = {each["id"] for each in made[number:]}
    assert failed == of_no_use  # the windows were verified before the base
    listed = json.loads(program.run("list", "--output", "json").out)["backups"]
    assert {each["backup"] for each in listed if each["not_restorable"]} == of_no_use
    (row,) = json.loads(program.run("status", "--output", "json").out)["tables"]
    assert row["backup"] == (made[number - 1]["id"] if number else None)
    restores = {"back": {"table": name, "from": made[-1]["id"], "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": "incremental"}], restores=restores))
    named = program.run("preview", "restore", "back")
    assert f"the backup {made[-1]['id']} is damaged: it " in named.out
    clock.advance(HOUR)
    backed_up()
    assert records(sandbox, bucket, name)[-1]["chain"]["restarted"]["reason"] == "broken"


def test_a_window_has_the_view_that_the_plan_asks_for(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    entry = {"name": name, "method": "incremental", "view": "NEW_IMAGE"}
    program.plan(plan(sandbox, bucket, tables=[entry]))
    sandbox.put(name, {**ITEMS[0], "v": {"N": "100"}})
    clock.advance(HOUR)
    backed_up()
    window = records(sandbox, bucket, name)[-1]
    assert window["data"]["view"] == "NEW_IMAGE"
    keys = [each["Key"] for each in sandbox.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    data = [key for key in keys if "/AWSDynamoDB/data/" in key]
    lines = b"".join(gzip.decompress(sandbox.read(bucket, key)) for key in data)
    assert b"NewImage" in lines
    assert b"OldImage" not in lines


def test_a_window_is_verified_and_listed(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    """Its data files lie beside those of other windows; only its own are read."""
    for number in range(3):
        sandbox.put(name, {"id": {"S": f"new-{number}"}})
        clock.advance(HOUR)
        backed_up()
    verified = program.run("verify", "--all", "--output", "json")
    assert verified.code == 0, verified.err
    assert sorted(each["facts"]["items"] for each in verified.report["outcomes"]) == [1, 1, 1, 5]
    listed = json.loads(program.run("list", "--last", "2", "--output", "json").out)["backups"]
    assert [each["kind"] for each in listed] == ["window", "window"]
    (row,) = json.loads(program.run("status", "--output", "json").out)["tables"]
    assert row["backup"] == listed[0]["backup"]
    assert row["age_seconds"] < 120


@pytest.mark.parametrize("verb", ["wait", "backup"])
def test_a_window_whose_run_was_stopped_is_completed(
    sandbox: Aws,
    bucket: str,
    name: str,
    exports: MotoExports,
    clock: SandboxClock,
    backed_up: Callable[..., Any],
    program: Program,
    verb: str,
) -> None:
    """By `wait`, or by the same run again: no second export of the same window."""
    clock.advance(HOUR)
    started = program.run("backup", "--no-wait", "--run-id", "job-1")
    assert started.code == 0, started.err
    assert records(sandbox, bucket, name)[-1]["state"] == "in_progress"
    done = program.run(verb, "--run-id", "job-1")
    assert done.code == 0, done.err
    assert [each["state"] for each in records(sandbox, bucket, name)] == ["complete", "complete"]
    assert len([each for each in exports.started if each.table_arn.endswith(f"/{name}")]) == 2


def test_a_forged_window_is_no_restore_point(
    sandbox: Aws, bucket: str, name: str, clock: SandboxClock, backed_up: Callable[..., Any], program: Program
) -> None:
    """A record that claims a longer window than its export has: the manifest decides."""
    clock.advance(HOUR)
    backed_up()
    clock.advance(HOUR)
    backed_up()
    base, first, second = records(sandbox, bucket, name)
    key = sandbox.record_keys(bucket, name)[-1]
    second["covers"]["start"] = base["covers"]["end"][:19] + "Z"
    second["chain"] = {**second["chain"], "previous": base["id"], "needs": [base["id"], second["id"]]}
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(second).encode())
    verified = program.run("verify", "--backup", second["id"])
    assert verified.code == 65
    assert "another window than its record" in verified.out + verified.err
    assert first["state"] == "complete"


def hours_of(covers: dict[str, str]) -> float:
    start, end = (datetime.fromisoformat(covers[name]) for name in ("start", "end"))
    return (end - start).total_seconds() / 3600
