"""A part of a restore point: only what is asked for is written, and every other item is accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order, line
from tests.support.plans import plan
from tests.support.program import Program, Result
from tests.support.shop import Shop, order

Item = dict[str, Any]
SECRET = "c-1017-private"


@pytest.fixture
def shop(sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock) -> Shop:
    return Shop(sandbox, bucket, name, program, clock)


def closes(done: Result) -> bool:
    """Every item and every change has one result."""
    facts = done.facts
    lines = 20 + facts["changes"]
    return bool(facts["items"] + facts["superseded"] + facts["deleted"] + facts["left_out"] == lines)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({"partition": "c-1"}, [1, 11, 16, 100]),
        ({"keys": [{"id": "c-1", "at": "1"}, {"id": {"S": "c-1"}, "at": {"N": "11.0"}}]}, [1, 11]),
        ({"where": "id = :c AND total > :t", "values": {":c": {"S": "c-1"}, ":t": {"N": "5"}}}, [1, 100]),
        ({"where": "#t = :t", "names": {"#t": "total"}, "values": {":t": {"N": "99.5"}}}, [1]),
    ],
)
def test_only_what_matches_in_its_last_state_is_written(
    shop: Shop, name: str, only: dict[str, Any], expected: list[int]
) -> None:
    """Of the full backup and of the window; an item that the window changed matches by its new state."""
    done = shop.restore(f"{name}-part", only=only)
    assert done.code == 0, done.err
    wanted = [each for each in shop.of("c-1") if int(each["at"]["N"]) in expected]
    assert shop.aws.items(f"{name}-part") == in_order(wanted)
    assert len(wanted) == len(expected) == done.facts["items"] == done.facts["written"]
    assert closes(done)
    assert "c-1" not in done.out.replace(name, "")


def test_a_selection_that_matches_no_item_is_no_success(shop: Shop, name: str) -> None:
    """It is probably misspelled. The message says in which backup, and no value; a second run says the same."""
    for _ in range(2):
        done = shop.restore(f"{name}-part", "--run-id", "ticket-8", "--key", f"id={SECRET},at=1")
        error = done.error
        assert done.code == 5, done.err
        assert error["message"] == (
            f"the backup {done.facts['backup']} of {shop.table} holds no items with the given key, so nothing was "
            f"written to {name}-part"
        )
        assert error["hint"].startswith(f"run `ddbbackup find {shop.table} --history`")
        assert shop.aws.items(f"{name}-part") == []
        assert SECRET not in done.out + done.err
    nobody = shop.restore(f"{name}-part", only={"partition": "nobody"})
    assert (nobody.code, "holds no items of the given partition" in nobody.err) == (5, True)


def test_the_command_line_says_the_same(shop: Shop, name: str) -> None:
    for number, options in enumerate(
        [
            ("--partition", "c-1"),
            ("--where", "id = :c", "--value", ":c=c-1"),
            ("--where", "#i = :c", "--name", "#i=id", "--value", ':c={"S": "c-1"}'),
            tuple(word for at in (1, 11, 16, 100) for word in ("--key", f"id=c-1,at={at}")),
        ]
    ):
        done = shop.restore(f"{name}-{number}", *options)
        assert done.code == 0, done.err
        assert shop.aws.items(f"{name}-{number}") == in_order(shop.of("c-1"))


def test_one_customer_goes_back_in_the_live_table(shop: Shop) -> None:
    """Nobody else's items are touched, and nothing is deleted."""
    wanted, others = shop.of("c-1"), shop.of("c-2")
    shop.aws.put(shop.table, order("c-1", 1, "0"), order("c-1", 6, "0"), order("c-2", 7, "0"))
    done = shop.restore(shop.table, "--yes", only={"partition": "c-1"}, existing="overwrite")
    assert done.code == 0, done.err
    assert shop.of("c-1") == in_order([*wanted, order("c-1", 6, "0")])
    assert shop.of("c-2") == in_order([*others, order("c-2", 7, "0")])
    assert closes(done)


def test_another_part_is_another_restore(shop: Shop, name: str) -> None:
    """It neither continues the first one nor is refused as done; the table has both parts then."""
    for customer in ("c-1", "c-2"):
        done = shop.restore(
            f"{name}-part", "--run-id", "ticket-7", only={"partition": customer}, existing="keep"
        )
        assert done.code == 0, done.err
        assert done.facts["written"] == len(shop.of(customer))
    again = shop.restore(f"{name}-part", "--run-id", "ticket-7", only={"partition": "c-2"}, existing="keep")
    assert again.code == 0
    assert again.report["outcomes"][0]["facts"].get("written", 0) in (0, len(shop.of("c-2")))
    assert shop.aws.items(f"{name}-part") == in_order([*shop.of("c-1"), *shop.of("c-2")])


@pytest.mark.parametrize("lost", [False, True])
def test_an_interrupted_part_is_continued(
    sandbox: Aws, bucket: str, name: str, program: Program, lost: bool
) -> None:
    """Unless the items that the ledger speaks of are gone from the table: then it begins anew."""
    items: list[Item] = [{"id": {"S": f"{n:03}"}, "even": {"BOOL": n % 2 == 0}} for n in range(40)]
    uri = sandbox.put_export(bucket, [[line(each) for each in items[n::2]] for n in (0, 1)])
    keys = [key for key in sandbox.keys(bucket) if key.endswith(".json.gz")]
    sandbox.create_table(name)
    only = {"where": "even = :yes AND id < :id", "values": {":yes": {"BOOL": True}, ":id": {"S": "030"}}}
    restore = {
        "table": "gone",
        "from": {"s3_uri": uri},
        "to": {"table": name},
        "only": only,
        "existing": "keep",
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": "gone"}], restores={"back": restore}))
    whole = sandbox.read(bucket, keys[1])
    sandbox.s3.put_object(Bucket=bucket, Key=keys[1], Body=whole[:-9] + b"damaged!!")
    first = program.run("restore", "back", "--output", "json")
    assert first.code == 65, first.err
    sandbox.s3.put_object(Bucket=bucket, Key=keys[1], Body=whole)
    if lost:
        sandbox.dynamodb.delete_item(TableName=name, Key={"id": {"S": "004"}})
    second = program.run("restore", "back", "--output", "json")
    assert second.code == 0, second.err
    assert second.facts["resumed_files"] == (0 if lost else 1)
    assert second.facts["left_out"] == 25
    assert sandbox.items(name) == in_order(items[0:30:2])


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"keys": [{"id": SECRET}]}, "a key of `only` is not a key of the table, which is id (S) and at (N)"),
        ({"keys": [{"id": "c", "at": SECRET}]}, "a value that is not of the type of its attribute"),
        ({"partition": {"N": "5"}}, "the key attribute id has the type S, but `only` says another"),
    ],
)
def test_keys_that_do_not_fit_the_table_block_preview_and_run(
    shop: Shop, name: str, only: dict[str, Any], message: str
) -> None:
    done = shop.restore(f"{name}-part", only=only)
    assert done.code == 1
    assert message in done.error["message"]
    preview = shop.program.run("preview", "restore", "back", "--output", "json")
    assert message in preview.out
    assert SECRET not in done.out + done.err + preview.out + preview.err


def test_a_preview_says_that_it_is_a_part_without_its_values(shop: Shop, name: str) -> None:
    shop.plan(
        back={
            "table": shop.table,
            "to": {"table": f"{name}-part"},
            "only": {"keys": [{"id": SECRET, "at": "1"}]},
        }
    )
    preview = shop.program.run("preview", "restore", "back")
    assert preview.code == 0, preview.err
    assert "restores only items with the given key;" in preview.out
    other = shop.program.run("preview", "restore", "back", "--where", "id = :c", "--value", f":c={SECRET}")
    assert "restores only items that match `id = :c`;" in other.out
    assert SECRET not in preview.out + preview.err + other.out + other.err


@pytest.mark.parametrize("method", ["import", "bulk-put", "point-in-time"])
def test_methods_that_load_whole_tables_say_so(shop: Shop, name: str, method: str) -> None:
    """`validate` for the plan, the assessment for the command line."""
    shop.plan(back={"table": shop.table, "method": method, "to": {"table": f"{name}-part"}})
    done = shop.program.run("restore", "back", "--partition", "c-1", "--output", "json")
    assert done.code == 1
    assert "whole tables, but the restore has `--partition`" in done.error["message"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--key", "id=c-1", "--partition", "c-1"), "--key and --partition are mutually exclusive"),
        (("--value", ":c=x"), "--value has no effect without --where"),
        (("--key", SECRET), "--key is not a list of NAME=VALUE"),
        (("--where", "a = 'x'"), '--where, character 5: "\'" has no meaning in a condition'),
        (("--where", "a = :b"), "--where, character 5: :b has no value"),
        (("--where", "a = :b", "--value", ":b=5"), "--value :b may be a string or something else"),
        (("--where", "a = :b", "--value", "b=x"), "--value does not begin with :NAME="),
        (("--where", "a = :b", "--value", f":b=N:{SECRET}"), "--value :b: N needs a number"),
    ],
)
def test_a_wrong_selection_is_a_usage_error(
    bucket: str, sandbox: Aws, program: Program, options: tuple[str, ...], message: str
) -> None:
    program.plan(plan(sandbox, bucket, tables=[{"name": "orders"}], restores={"back": {"table": "orders"}}))
    done = program.run("restore", "back", *options)
    assert done.code == 64
    assert message in done.err
    assert SECRET not in done.err
