"""`restore --accept-incomplete`: what can be proven of a damaged backup comes back, and what is lost is listed."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import Aws, in_order, line
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": f"{n:03d}"}, "v": {"S": "secret"}} for n in range(60)]


def damage(aws: Aws, bucket: str, key: str, kind: str) -> None:
    body = bytearray(aws.read(bucket, key))
    if kind == "missing":
        aws.s3.delete_object(Bucket=bucket, Key=key)
        return
    if kind == "flipped":
        body[len(body) // 2] ^= 4
    aws.s3.put_object(Bucket=bucket, Key=key, Body=bytes(body if kind == "flipped" else body[:-20]))


def from_uri(aws: Aws, bucket: str, uri: str, name: str, **restore: Any) -> str:
    members = {"table": name, "from": {"s3_uri": uri}, **restore}
    return plan(aws, bucket, tables=[{"name": name}], restores={"back": members})


def lost(done: Result) -> list[tuple[str, int]]:
    return [(each["uri"].rpartition("/")[2], each["items"]) for each in done.facts["lost_files"]]


@pytest.mark.parametrize("kind", ["flipped", "truncated", "missing"])
def test_the_other_files_are_restored_and_the_lost_one_is_listed(
    sandbox: Aws, bucket: str, name: str, program: Program, kind: str
) -> None:
    """Without the option the refusal names it. With it, exit 65 every time; no settings are lost."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS[:30]), map(line, ITEMS[30:45]), map(line, ITEMS[45:])])
    _, second, _ = sandbox.keys(bucket, f"{uri.removeprefix(f's3://{bucket}/')}data/")
    damage(sandbox, bucket, second, kind)
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name))

    refused = program.run("restore", "back", "--output", "json")
    accepted = program.run("restore", "back", "--accept-incomplete", "--output", "json")
    again = program.run("restore", "back", "--accept-incomplete", "--output", "json")

    assert refused.code == accepted.code == again.code == 65, again.err
    assert "--accept-incomplete" in refused.error["hint"]
    assert sandbox.items(name) == in_order([*ITEMS[:30], *ITEMS[45:]])
    for done in (accepted, again):
        assert "lost_files" in done.facts, done.out
        assert lost(done) == [(second.rpartition("/")[2], 15)]
        assert "lost: 1 data file with 15 items and 0 changes" in done.error["message"]
        assert "secret" not in done.out + done.err
    assert [event["items"] for event in accepted.named("data.lost")] == [15]


def test_lines_that_cannot_be_read_are_saved(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """In a private file; the other items of their file are restored."""
    uri = sandbox.put_export(bucket, [[*map(line, ITEMS), b"{not json}"]])
    program.plan(from_uri(sandbox, bucket, uri, name))
    sandbox.create_table(name)

    done = program.run("restore", "back", "--accept-incomplete", "--output", "json")

    assert done.code == 65
    assert "1 rejected item in a private file" in done.error["message"]
    assert sandbox.items(name) == in_order(ITEMS)
    (event,) = done.named("items.rejected")
    rejects = Path(event["rejects_file"])
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    assert json.loads(rejects.read_text())["text"] == "{not json}"


def test_a_backup_that_is_whole_is_restored_as_ever(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Nothing is lost, so the exit code is 0."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS)])
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name))

    done = program.run("restore", "back", "--accept-incomplete", "--output", "json")

    assert done.code == 0, done.out
    assert sandbox.items(name) == in_order(ITEMS)


def test_a_backup_that_was_recorded_as_damaged_is_restored_by_its_id(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With its settings. `latest` never chooses it."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    restore = {"table": name, "to": {"table": f"{name}-new"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    (record,) = sandbox.record_keys(bucket, name)
    document = json.loads(sandbox.read(bucket, record))
    failure = {"code": "DataIncomplete", "message": "a data file is damaged"}
    damaged = {**document, "state": "not_whole", "failure": failure, "verified": None}
    sandbox.s3.put_object(Bucket=bucket, Key=record, Body=json.dumps(damaged).encode())
    largest = max(
        (key for key in sandbox.keys(bucket) if "/data/" in key),
        key=lambda key: len(sandbox.read(bucket, key)),
    )
    damage(sandbox, bucket, largest, "truncated")

    latest = program.run("restore", "back", "--accept-incomplete", "--output", "json")
    refused = program.run("restore", "back", "--from", document["id"], "--output", "json")
    accepted = program.run(
        "restore", "back", "--from", document["id"], "--accept-incomplete", "--output", "json"
    )

    assert "there is no complete backup" in latest.error["message"]
    assert "--accept-incomplete" in refused.error["hint"]
    assert accepted.code == 65, accepted.out
    restored = sandbox.items(f"{name}-new")
    assert len(restored) == len(ITEMS) - sum(count for _, count in lost(accepted))
    assert 0 < len(restored) < len(ITEMS)


def test_methods_by_which_aws_reads_the_files_are_refused(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    restore = {"table": name, "method": "import", "to": {"table": f"{name}-new"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))

    done = program.run("restore", "back", "--accept-incomplete", "--output", "json")

    assert done.code == 64
    assert "--method write" in done.err
