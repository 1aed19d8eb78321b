"""``restore``, by running the program: sources, targets, refusals, rejected items, and resumed restores."""

from __future__ import annotations

import json
import re
import signal
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.times import to_iso
from tests.support.aws import Aws, in_order, line
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(60)]


def from_uri(aws: Aws, bucket: str, uri: str, target: str, **more: Any) -> str:
    """A plan with one restore, `back`, of the folder of an export."""
    to = {"table": target, **more.pop("to", {})}
    restore = {"table": "gone", "from": {"s3_uri": uri}, "to": to, **more}
    return plan(aws, bucket, tables=[{"name": "gone"}], restores={"back": restore})


# ---- sources and targets


def test_a_deleted_table_is_created_with_its_keys_indexes_and_billing_mode(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """From the record alone, under its own name."""
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
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
                "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2},
            }
        ],
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
    items: list[Item] = [{"id": {"S": "a"}, "at": {"S": str(n)}, "who": {"S": "w"}} for n in range(30)]
    sandbox.put(name, *items)
    program.plan(
        plan(
            sandbox,
            bucket,
            tables=[{"name": name}],
            restores={
                "back": {
                    "table": name,
                    "to": {"table": name},
                    "limits": {
                        "load_capacity": "as-recorded"
                    },  # else its warm throughput is that of on demand
                }
            },
        )
    )
    assert program.run("backup").code == 0
    before = sandbox.dynamodb.describe_table(TableName=name)["Table"]
    sandbox.dynamodb.delete_table(TableName=name)

    done = program.run("restore", "back")

    assert done.code == 0, done.err
    after = sandbox.dynamodb.describe_table(TableName=name)["Table"]
    assert sandbox.items(name) == in_order(items)
    for member in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        assert after[member] == before[member]
    assert after["ProvisionedThroughput"]["ReadCapacityUnits"] == 7


def test_a_backup_is_found_by_everything_that_from_accepts(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`latest`, a backup ID, a time, an ExportArn, an S3 URI."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    restores = {"copy": {"table": name, "to": {"table": f"{name}-{{run}}"}}}
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}*"}], restores=restores))
    backup = program.run("backup", "--output", "json").facts
    folder = backup["export_arn"].rpartition("/")[2]
    sources = ["latest", backup["backup"], to_iso(datetime.now(UTC)), backup["export_arn"]]
    sources.append(f"s3://{bucket}/ddb/{name}/AWSDynamoDB/{folder}/")

    for number, source in enumerate(sources):
        if source.startswith("s3:"):
            sandbox.create_table(f"{name}-r{number}")
        if source.startswith("arn:"):
            sandbox.create_table(f"{name}-r{number}")
        done = program.run("restore", "copy", "--from", source, "--run-id", f"r{number}")
        assert done.code == 0, (source, done.out)
        is_new = not source.startswith(("s3:", "arn:"))
        assert ('add exclude: ["*-r' in done.out) is is_new, "the plan selects the new table, too"
        assert sandbox.items(f"{name}-r{number}") == in_order(ITEMS)

    before = program.run("restore", "copy", "--from", "2020-01-01T00:00:00Z", "--output", "json")
    assert before.code == 1
    assert "no complete backup" in before.error["message"]
    program.plan(
        plan(
            sandbox,
            bucket,
            tables=[{"name": name}],
            restores={"copy": {**restores["copy"], "from": "2099-01-01T00:00:00Z"}},
        )
    )
    later = program.run("restore", "copy", "--output", "json")
    assert later.code == 64
    assert "lies in the future" in later.error["message"]


def test_existing_items_are_refused_kept_or_overwritten(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`fail` refuses before it writes, `keep` adds what is missing, `overwrite` puts every item."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS)])
    sandbox.create_table(name)
    own = {"id": {"S": "0"}, "v": {"S": "newer"}}
    sandbox.put(name, own)

    program.plan(from_uri(sandbox, bucket, uri, name))
    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "already holds items" in refused.error["message"]
    assert sandbox.items(name) == [own]

    program.plan(from_uri(sandbox, bucket, uri, name, existing="keep"))
    kept = program.run("restore", "back", "--output", "json")
    assert (kept.code, kept.facts["written"], kept.facts["kept"]) == (0, 59, 1)
    assert sandbox.items(name) == in_order([own, *ITEMS[1:]])

    program.plan(from_uri(sandbox, bucket, uri, name, existing="overwrite"))
    unconfirmed = program.run("restore", "back", "--output", "json")
    assert unconfirmed.code == 1
    assert "exists, and `existing: overwrite` replaces its items" in unconfirmed.error["message"]
    assert sandbox.items(name) == in_order([own, *ITEMS[1:]])
    assert program.run("restore", "back", "--yes").code == 0
    assert sandbox.items(name) == in_order(ITEMS)


def test_the_backed_up_table_is_only_overwritten_with_yes(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A pipeline without --yes is refused with a hint, and nothing is written."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    restores = {"back": {"table": name, "to": {"table": name}, "existing": "overwrite"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    newer = {"id": {"S": "0"}, "v": {"S": "newer"}}
    sandbox.put(name, newer)

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "--yes" in refused.error["hint"]
    assert newer in sandbox.items(name)

    assert program.run("restore", "back", "--yes").code == 0
    assert sandbox.items(name) == in_order(ITEMS)


@pytest.mark.parametrize(("hash_key", "words"), [("other", "is not an attribute"), ("v", "is of type S")])
def test_a_target_with_another_key_is_refused_before_the_first_write(
    sandbox: Aws, bucket: str, name: str, program: Program, hash_key: str, words: str
) -> None:
    """With another name or another type of the key."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS)])
    sandbox.create_table(name, hash_key=hash_key)
    program.plan(from_uri(sandbox, bucket, uri, name))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 1
    assert words in done.error["message"]
    assert sandbox.items(name) == []


# ---- damaged data


def test_rejected_items_are_saved_and_all_others_are_written(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Invalid JSON, an injected request, an item over 400 KB, an empty key: exit 65, and a private file."""
    large: Item = {"id": {"S": "large"}, "b": {"S": "x" * 420_000}}
    empty: Item = {"id": {"S": ""}}
    forged = b'{"Item":{"id":{"S":"f"}}},{"PutRequest":{"Item":{"id":{"S":"g"}}}}'
    bad = [b"{not json}", forged, line(large), line(empty)]
    uri = sandbox.put_export(bucket, [[*map(line, ITEMS), *bad]])
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 65
    assert "4 of 64 items were rejected" in done.error["message"]
    assert sandbox.items(name) == in_order(ITEMS)
    (event,) = done.named("items.rejected")
    rejects = Path(event["rejects_file"])
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    saved = [json.loads(each) for each in rejects.read_text().splitlines()]
    assert {each.get("text") for each in saved} - {None} == {"{not json}", forged.decode()}
    assert [each["line"] for each in saved if "line" in each] == [{"Item": large}, {"Item": empty}]
    assert "x" * 100 not in done.err + done.out


@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing", "count", "replaced"])
def test_a_damaged_file_fails_the_restore(
    sandbox: Aws, bucket: str, name: str, program: Program, damage: str
) -> None:
    """Exit 65, with the name of the file."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS[:30]), map(line, ITEMS[30:])])
    root = uri.removeprefix(f"s3://{bucket}/")
    first, second = sandbox.keys(bucket, f"{root}data/")
    body = bytearray(sandbox.read(bucket, second))
    if damage == "flipped":
        body[len(body) // 2] ^= 4
        sandbox.s3.put_object(Bucket=bucket, Key=second, Body=bytes(body))
    elif damage == "truncated":
        sandbox.s3.put_object(Bucket=bucket, Key=second, Body=bytes(body[:-20]))
    elif damage == "missing":
        sandbox.s3.delete_object(Bucket=bucket, Key=second)
    elif damage == "replaced":
        sandbox.s3.put_object(Bucket=bucket, Key=second, Body=sandbox.read(bucket, first))
    else:
        entries = [json.loads(e) for e in sandbox.read(bucket, f"{root}manifest-files.json").splitlines()]
        entries[1]["itemCount"] += 1
        sandbox.put_manifests(bucket, root, entries)
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 65, done.out
    assert second in done.error["message"]
    assert done.error["hint"]


def test_a_folder_without_an_export_is_refused(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With a hint what to name instead."""
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, f"s3://{bucket}/nothing/AWSDynamoDB/017-abc/", name))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 1
    assert "there is no export at" in done.error["message"]
    assert "manifest-files.json" in done.error["hint"]


# ---- interrupted and resumed


def test_a_killed_restore_is_resumed_and_complete(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """SIGKILL twice; the third run writes only the remaining files, and the table holds every item."""
    items: list[Item] = [{"id": {"S": f"{n:05d}"}, "v": {"S": "x" * 200}} for n in range(2000)]
    files = [[line(item) for item in items[start : start + 125]] for start in range(0, 2000, 125)]
    uri = sandbox.put_export(bucket, files)
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name, limits={"write_units_per_second": 500}))

    for _ in range(2):
        process = program.start("restore", "back")
        before = sandbox.dynamodb.describe_table(TableName=name)["Table"]["ItemCount"]
        while sandbox.dynamodb.describe_table(TableName=name)["Table"]["ItemCount"] < before + 300:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = program.run("restore", "back", "--output", "json")

    assert last.code == 0, last.err
    assert last.facts["written"] == 2000
    assert last.facts["resumed_files"] > 0
    assert last.named("restore.resumed")
    assert sandbox.items(name) == in_order(items)


def test_an_interrupted_restore_is_resumed(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Ctrl-C exits 130 within two seconds, with a hint."""
    items: list[Item] = [{"id": {"S": f"{n:05d}"}, "v": {"S": "x" * 200}} for n in range(3000)]
    uri = sandbox.put_export(bucket, [[line(item) for item in items]])
    sandbox.create_table(name)
    program.plan(from_uri(sandbox, bucket, uri, name, limits={"write_units_per_second": 500}))
    process = program.start("restore", "back")
    while sandbox.dynamodb.describe_table(TableName=name)["Table"]["ItemCount"] < 200:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)

    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)

    assert process.returncode == 130
    assert time.monotonic() - started < 2
    assert re.search(
        rf"interrupted; [0-9 ]+ of 3 000 items were written to {name} and will stay there\n", err
    ), err
    assert "hint: run the same command again to resume the restore" in err
    program.plan(from_uri(sandbox, bucket, uri, name))
    assert program.run("restore", "back").code == 0
    assert sandbox.items(name) == in_order(items)
