"""`change`: items are changed on their way into another table. Keys and references stay consistent."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from ddbbackup.archive.item_edits import hashed_value
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
KEY = "a secret of a test, 32 characters"
CHANGE = {
    "drop": ["email", "address.street"],
    "hash": {"paths": ["id", "friends"], "key": "${HASH_KEY}"},
    "set": {"name": "somebody", "visits": {"N": "0"}},
}


def item(number: int) -> Item:
    return {
        "id": {"S": f"c{number}"},
        "email": {"S": f"c{number}@example.com"},
        "address": {"M": {"street": {"S": "Main Street"}, "city": {"S": "Bonn"}}},
        "friends": {"L": [{"S": f"c{number + 1}"}]},
        "visits": {"N": f"{number}"},
        "note": {"B": "AAEC"},
    }


def changed(item: Item) -> Item:
    secret = KEY.encode()
    kept = {name: value for name, value in item.items() if name != "email"}
    return {
        **kept,
        "id": hashed_value(item["id"], secret),
        "friends": hashed_value(item["friends"], secret),
        "address": {"M": {"city": item["address"]["M"]["city"]}},
        "name": {"S": "somebody"},
        "visits": {"N": "0"},
    }


def restoring(aws: Aws, bucket: str, name: str, *, entry: dict[str, Any] | None = None, **more: Any) -> str:
    restore = {"table": name, "to": {"table": f"{name}-staging"}, "change": CHANGE, **more}
    return plan(aws, bucket, tables=[{"name": name, **(entry or {})}], restores={"staging": restore})


@pytest.fixture(autouse=True)
def secret(program: Program) -> None:
    program.environment = {**program.environment, "HASH_KEY": KEY}


def test_a_copy_has_changed_items_and_references_that_match(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The counts say how many items were changed. Neither the key nor a value is in the output."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *map(item, range(40)))
    program.plan(restoring(sandbox, bucket, name))
    assert program.run("backup").code == 0
    preview = program.run("preview", "restore", "staging", "--output", "json")

    done = program.run("restore", "staging", "--output", "json")
    again = program.run("restore", "staging", "--output", "json")

    assert done.code == 0, done.out
    assert sandbox.items(f"{name}-staging") == in_order(map(changed, map(item, range(40))))
    assert (done.facts["written"], done.facts["changed"]) == (40, 40)
    assert "holds items" in again.error["message"]
    assert any("5 paths" in note or "6 paths" in note for note in preview.report["restores"][0]["notes"])
    for shown in (done.out, done.err, preview.out):
        assert KEY not in shown
        assert "example.com" not in shown


def test_a_chain_is_changed_in_its_last_state(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> None:
    """Keys of the windows are compared before they are hashed; what was deleted does not come back."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *map(item, range(20)))
    program.plan(restoring(sandbox, bucket, name, entry={"method": "incremental"}))
    clock.advance(3600)
    assert program.run("backup").code == 0
    sandbox.put(name, {**item(3), "visits": {"N": "7"}, "note": {"B": "//8="}}, item(30))
    sandbox.dynamodb.delete_item(TableName=name, Key={"id": {"S": "c5"}})
    clock.advance(3600)
    assert program.run("backup").code == 0

    done = program.run("restore", "staging", "--output", "json")

    assert done.code == 0, done.out
    expected = [item(n) for n in range(20) if n not in (3, 5)] + [
        {**item(3), "note": {"B": "//8="}},
        item(30),
    ]
    assert sandbox.items(f"{name}-staging") == in_order(map(changed, expected))


def test_a_killed_restore_is_continued_with_the_same_change_only(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With another key the items of the earlier run are not those of this one."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *map(item, range(400)))
    limits = {"write_units_per_second": 100}
    program.plan(restoring(sandbox, bucket, name, limits=limits))
    assert program.run("backup").code == 0
    process = program.start("restore", "staging")
    while True:
        assert process.poll() is None, process.communicate()
        if _count(sandbox, f"{name}-staging") >= 100:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    program.plan(restoring(sandbox, bucket, name))
    other = program.run("restore", "staging", "--output", "json", HASH_KEY="another secret of this test")

    done = program.run("restore", "staging", "--output", "json")

    assert "holds items" in other.error["message"]
    assert done.code == 0, done.out
    assert done.named("restore.resumed")
    assert sandbox.items(f"{name}-staging") == in_order(map(changed, map(item, range(400))))


def _count(aws: Aws, name: str) -> int:
    try:
        return int(aws.dynamodb.describe_table(TableName=name)["Table"]["ItemCount"])
    except aws.dynamodb.exceptions.ResourceNotFoundException:
        return 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": ["id"]}, "drops, sets or changes the inside of id"),
        ({"set": {"id": "same"}}, "drops, sets or changes the inside of id"),
    ],
)
def test_a_key_is_neither_dropped_nor_set(
    sandbox: Aws, bucket: str, name: str, program: Program, change: dict[str, Any], words: str
) -> None:
    """Preview and run say so before anything is created."""
    sandbox.create_table(name, pitr=True)
    program.plan(restoring(sandbox, bucket, name, change=change))
    assert program.run("backup").code == 0

    done = program.run("restore", "staging", "--output", "json")
    preview = program.run("preview", "restore", "staging", "--output", "json")

    assert done.code == 1
    assert words in done.error["message"]
    assert words in json.dumps(preview.report)
    assert not sandbox.exists(f"{name}-staging")


def test_options_say_the_same_as_the_plan(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The key comes from a variable, and is not shown."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *map(item, range(5)))
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0
    options = ["--drop", "email", "--drop", "address.street", "--hash", "id", "--hash", "friends"]
    options += ["--set", "name=somebody", "--set", 'visits={"N": "0"}']
    to = ["--table", name, "--to", f"{name}-staging", "--output", "json"]

    without = program.run("restore", *to, *options)
    unset = program.run("restore", *to, *options, "--hash-key-from", "NO_SUCH_VARIABLE")
    done = program.run("restore", *to, *options, "--hash-key-from", "HASH_KEY")

    assert without.code == unset.code == 64
    assert "NO_SUCH_VARIABLE" in unset.err
    assert done.code == 0, done.err
    assert sandbox.items(f"{name}-staging") == in_order(map(changed, map(item, range(5))))
    assert KEY not in done.out + done.err
