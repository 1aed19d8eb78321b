"""``find`` and ``dump``: items out of restore points. Data goes to stdout or the named file, and nowhere else."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.shop import Shop, order

SECRET = "s3cr3t"


@pytest.fixture
def shop(sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock) -> Shop:
    return Shop(sandbox, bucket, name, program, clock)


def lines(out: str) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(
    "selection",
    [
        ("--partition", "c-1"),
        ("--where", "id = :c", "--value", ":c=c-1"),
        ("--key", "id=c-1,at=1", "--key", "id=c-1,at=11", "--key", "id=c-1,at=16", "--key", "id=c-1,at=100"),
    ],
)
def test_find_prints_what_matches_in_its_last_state(shop: Shop, selection: tuple[str, ...]) -> None:
    """Items that a window changed, added or deleted included; as they are in an export, or without types."""
    found = shop.program.run("find", shop.table, *selection, "--format", "dynamodb-json")
    assert found.code == 0, found.err
    assert in_order(each["Item"] for each in lines(found.out)) == in_order(shop.of("c-1"))
    plain = shop.program.run("find", shop.table, *selection)
    expected = [
        {"id": "c-1", "at": at, "total": total} for at, total in ((1, 99.5), (11, 5), (16, 5), (100, 7))
    ]
    assert sorted(lines(plain.out), key=lambda each: each["at"]) == expected
    assert "c-1" not in found.err + plain.err
    (event,) = plain.named("items.read")
    assert event["items"] == 4


def test_find_looks_into_an_earlier_restore_point(shop: Shop) -> None:
    """What was deleted later is there, and what was changed later is as it was."""
    first = shop.aws.record_keys(shop.bucket, shop.table)[0].rpartition("/")[2].removesuffix(".json")
    found = shop.program.run(
        "find", shop.table, "--partition", "c-1", "--from", first, "--format", "dynamodb-json"
    )
    assert found.code == 0, found.err
    then = [order("c-1", at) for at in (1, 6, 11, 16)]
    assert in_order(each["Item"] for each in lines(found.out)) == in_order(then)


def test_nothing_found_has_its_own_exit_code(shop: Shop) -> None:
    done = shop.program.run("find", shop.table, "--partition", SECRET)
    assert (done.code, done.out) == (5, "")
    assert f"of {shop.table} holds no items of the given partition" in done.err
    assert SECRET not in done.err


def test_dump_writes_every_item_to_a_private_file(shop: Shop) -> None:
    """It appears when it is whole, and nothing stays in the state directory."""
    done = shop.program.run("dump", shop.table, "-o", "orders.json")
    assert (done.code, done.out) == (0, ""), done.err
    path = shop.program.directory / "orders.json"
    backup = shop.program.run("list", shop.table, "--last", "1", "--output", "json").report["backups"][0][
        "backup"
    ]
    dumped = [json.loads(line)["Item"] for line in path.read_text().splitlines()]
    assert in_order(dumped) == shop.aws.items(shop.table)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in shop.program.directory.glob("*orders*")] == ["orders.json"]
    assert not list((shop.program.directory / "state").glob("**/read-*"))
    assert f"wrote orders.json: {len(dumped)} items of {shop.table} from {backup}\n" in done.err
    assert "wrote" not in shop.program.run("dump", shop.table, "-o", "orders.json", "-q").err
    printed = shop.program.run("dump", shop.table)
    assert sorted(printed.out.splitlines()) == sorted(path.read_text().splitlines())


def test_a_damaged_restore_point_leaves_no_file_and_keeps_the_old_one(shop: Shop) -> None:
    """Items of files that are whole may have been printed; a file would look whole."""
    path = shop.program.directory / "orders.json"
    path.write_text("old")
    (data, *_) = [key for key in shop.aws.keys(shop.bucket) if key.endswith(".json.gz")]
    shop.aws.s3.put_object(Bucket=shop.bucket, Key=data, Body=b"damaged")
    done = shop.program.run("dump", shop.table, "-o", "orders.json")
    assert done.code == 65
    assert "is damaged" in done.err
    assert path.read_text() == "old"
    assert [each.name for each in shop.program.directory.glob("*orders*")] == ["orders.json"]
    assert shop.program.run("find", shop.table, "--partition", "c-1").code == 65


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("find", "{table}"), 64, "find needs to know which items"),
        (
            ("find", "{table}", "--key", "id=c-1"),
            64,
            "a key of `--key` is not a key of the table, which is id (S) and at (N)",
        ),
        (("dump", "nowhere"), 5, "there is no complete backup of nowhere"),
        (("dump", "{table}", "-o", "missing/orders.json"), 1, "cannot write missing/orders.json"),
    ],
)
def test_what_cannot_be_read_is_said(shop: Shop, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = shop.program.run(*(each.format(table=shop.table) for each in arguments))
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_a_reader_that_leaves_ends_it_quietly(shop: Shop) -> None:
    """``dump orders | head``."""
    process = shop.program.start("dump", shop.table)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(30) == 1
    assert "Traceback" not in err
    assert "cannot write" not in err


def test_an_export_without_a_record_can_be_dumped(sandbox: Aws, bucket: str, program: Program) -> None:
    """Nothing but the folder is known: no record, no table."""
    uri = sandbox.put_export(bucket, [[b'{"Item":{"id":{"S":"a"}}}'], [b'{"Item":{"id":{"S":"b"}}}']])
    program.plan(plan(sandbox, bucket, tables=[{"name": "gone"}]))
    done = program.run("dump", "gone", "--from", uri, "--format", "json")
    assert done.code == 0, done.err
    assert sorted(done.out.splitlines()) == ['{"id": "a"}', '{"id": "b"}']


def ids_of(shop: Shop) -> list[str]:
    """The restore points, oldest first."""
    keys = shop.aws.record_keys(shop.bucket, shop.table)
    return sorted(key.rpartition("/")[2].removesuffix(".json") for key in keys)


def history(shop: Shop, *arguments: str) -> list[Any]:
    done = shop.program.run("find", shop.table, "--history", *arguments)
    assert done.code == 0, done.err
    assert "c-1" not in done.err
    return lines(done.out)


def seen(versions: list[Any], *members: str) -> list[tuple[Any, ...]]:
    return [tuple(each[member] for member in members) for each in versions]


def test_the_history_of_an_item_has_every_version(shop: Shop) -> None:
    """A put of an equal item is no version. Numbers are equal by value; a full backup that agrees adds nothing."""
    shop.aws.put(shop.table, order("c-1", 1, "99.5"))
    shop.back_up()
    shop.delete("c-1", 1)
    shop.back_up()
    shop.aws.put(shop.table, order("c-1", 1, "3", note={"S": "again"}))
    shop.back_up()
    shop.aws.put(shop.table, order("c-1", 1, "4", note={"S": "again"}))
    shop.back_up()
    full, second, _, deleted, added, last = ids_of(shop)
    found = history(shop, "--key", "id=c-1,at=1")
    assert seen(found, "backup", "change", "attributes", "item") == [
        (last, "changed", ["total"], {"id": "c-1", "at": 1, "total": 4, "note": "again"}),
        (added, "added", [], {"id": "c-1", "at": 1, "total": 3, "note": "again"}),
        (deleted, "deleted", [], None),
        (second, "changed", ["total"], {"id": "c-1", "at": 1, "total": 99.5}),
        (full, "added", [], {"id": "c-1", "at": 1, "total": 5}),
    ]
    assert {json.dumps(each["key"]) for each in found} == {'{"id": "c-1", "at": 1}'}
    assert [each["time"] for each in found] == sorted((each["time"] for each in found), reverse=True)
    assert [each["written_at"] is None for each in found] == [False] * 4 + [True]
    since = history(shop, "--key", "id=c-1,at=1", "--since", found[1]["time"])
    assert since == found[:2]
    typed = history(shop, "--key", "id=c-1,at=1", "--format", "dynamodb-json")
    assert typed[0]["item"] == order("c-1", 1, "4", note={"S": "again"})
    assert typed[0]["key"] == {"id": {"S": "c-1"}, "at": {"N": "1"}}
    assert typed[2]["item"] is None


@pytest.mark.parametrize(
    "selection",
    [("--partition", "c-1"), ("--where", "id = :c AND at < :n", "--value", ":c=c-1", "--value", ":n=N:500")],
)
def test_the_history_of_a_partition(shop: Shop, selection: tuple[str, ...]) -> None:
    full, window = ids_of(shop)
    found = history(shop, *selection)
    assert sorted((each["backup"], each["change"], each["key"]["at"]) for each in found) == sorted(
        [(full, "added", at) for at in (1, 6, 11, 16)]
        + [(window, "changed", 1), (window, "deleted", 6), (window, "added", 100)]
    )
    assert [each["backup"] for each in found] == [window] * 3 + [full] * 4


def test_a_condition_shows_all_versions_of_what_once_matched(shop: Shop) -> None:
    """Before the change, after it, and of an item that was deleted since."""
    _, window = ids_of(shop)
    after = history(shop, "--where", "total = :t", "--value", ":t=N:99.5")
    assert seen(after, "change") == [("changed",), ("added",)]
    before = history(shop, "--where", "at = :a AND total = :t", "--value", ":a=N:6", "--value", ":t=N:5")
    assert seen(before, "backup", "change", "item")[0] == (window, "deleted", None)
    assert before[1]["item"] == {"id": "c-1", "at": 6, "total": 5}


def test_full_backups_alone_tell_a_history_too(shop: Shop) -> None:
    """What a later full backup lacks was deleted."""
    tables = [{"name": shop.table, "method": "export"}]
    shop.program.plan(plan(shop.aws, shop.bucket, tables=tables))
    shop.delete("c-3", 3)
    shop.aws.put(shop.table, order("c-3", 8, "9"))
    shop.back_up()
    *_, newest = ids_of(shop)
    changes = seen(
        history(shop, "--partition", "c-3", "--since", "2h"), "backup", "change", "attributes", "written_at"
    )
    assert sorted(changes) == [(newest, "changed", ["total"], None), (newest, "deleted", [], None)]


def test_what_has_no_history(shop: Shop) -> None:
    for arguments, code, message in (
        (
            ("--key", f"id={SECRET},at=1", "--history"),
            5,
            f"no restore point of {shop.table} holds or changes",
        ),
        (("--where", "id = :s", "--value", f":s={SECRET}", "--history"), 5, "holds or changes"),
        (("--key", "id=c-1,at=1", "--history", "--from", "2h"), 64, "--history is about all restore points"),
        (("--key", "id=c-1,at=1", "--since", "2h"), 64, "--since applies to --history"),
    ):
        done = shop.program.run("find", shop.table, *arguments)
        assert (done.code, done.out) == (code, ""), done.err
        assert message in done.err
        assert SECRET not in done.err


def test_a_damaged_file_is_no_history(shop: Shop) -> None:
    """Nothing is printed: the version that was asked for may be the one that is missing."""
    for key in [key for key in shop.aws.keys(shop.bucket) if key.endswith(".json.gz")]:
        content = shop.aws.read(shop.bucket, key)
        shop.aws.s3.put_object(Bucket=shop.bucket, Key=key, Body=b"damaged")
        done = shop.program.run("find", shop.table, "--history", "--key", "id=c-1,at=1")
        assert (done.code, done.out) == (65, ""), done.err
        assert "is damaged" in done.err
        shop.aws.s3.put_object(Bucket=shop.bucket, Key=key, Body=content)
        break
    record = shop.aws.record_keys(shop.bucket, shop.table)[0]
    shop.aws.s3.put_object(Bucket=shop.bucket, Key=record, Body=b"{}")
    done = shop.program.run("find", shop.table, "--history", "--key", "id=c-1,at=1")
    assert done.code == 1
    assert "there is no restore point of" in done.err
    assert "cannot be used" in done.err


def test_dump_writes_an_object_that_appears_when_it_is_whole(shop: Shop) -> None:
    """With the encryption of the destination, whose bucket it is."""
    key_id = shop.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    vault = {"bucket": shop.bucket, "encryption": {"algorithm": "KMS", "kms_key_id": key_id}}
    tables = [{"name": shop.table, "method": "incremental"}]
    shop.program.plan(plan(shop.aws, shop.bucket, tables=tables, destinations={"vault": vault}))
    back_up = shop.program.run("backup")
    assert back_up.code == 0, back_up.err
    done = shop.program.run("dump", shop.table, "-o", f"s3://{shop.bucket}/dumps/orders.json")
    assert (done.code, done.out) == (0, ""), done.err
    assert f"wrote s3://{shop.bucket}/dumps/orders.json: " in done.err
    content = shop.aws.read(shop.bucket, "dumps/orders.json")
    assert in_order(json.loads(line)["Item"] for line in content.splitlines()) == shop.aws.items(shop.table)
    head = shop.aws.s3.head_object(Bucket=shop.bucket, Key="dumps/orders.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key_id)


def test_a_dump_that_fails_leaves_no_object(shop: Shop) -> None:
    """Nor an upload that nobody completes."""
    for key in [key for key in shop.aws.keys(shop.bucket) if key.endswith(".json.gz")][:1]:
        shop.aws.s3.put_object(Bucket=shop.bucket, Key=key, Body=b"damaged")
    done = shop.program.run("dump", shop.table, "-o", f"s3://{shop.bucket}/dumps/orders.json")
    assert done.code == 65, done.err
    assert "dumps/orders.json" not in shop.aws.keys(shop.bucket)
    assert shop.aws.s3.list_multipart_uploads(Bucket=shop.bucket).get("Uploads", []) == []


def test_the_bucket_of_a_dump_may_be_wrong(shop: Shop) -> None:
    """The hint is not about the destination of the plan."""
    done = shop.program.run("dump", shop.table, "-o", f"s3://{shop.bucket}-missing/orders.json")
    assert done.code == 1, done.err
    assert "hint: create the bucket, or correct its name in the plan or on the command line\n" in done.err


@pytest.mark.parametrize("out", ["s3://", "s3://Bad_Bucket/x", "s3://bucket", "s3://bucket/folder/"])
def test_an_object_needs_a_name(program: Program, out: str) -> None:
    done = program.run("dump", "orders", "-o", out)
    assert done.code == 64, done.err
    assert "--out: " in done.err
