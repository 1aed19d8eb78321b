"""``diff``: from the command line to the exit code, on the sandbox."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.plan.schemas import schema_text
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

SECRET = "s3cr3t"
ITEMS: list[dict[str, Any]] = [
    {"id": {"S": f"{SECRET}{n}"}, "n": {"N": "1"}, "tags": {"SS": ["a", "b"]}} for n in range(20)
]


def conforms(document: Any) -> None:
    Draft202012Validator(json.loads(schema_text("diff"))).validate(document)


@pytest.fixture
def backed_up(sandbox: Aws, bucket: str, name: str, program: Program) -> str:
    """A table with a backup, which is then edited: 1 item is missing, 2 have changed, 1 is extra."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    restores: dict[str, Any] = {
        "rollback": {"table": name, "to": {"table": "{table}"}, "existing": "overwrite"}
    }
    restores["many"] = {"match": f"{name}*", "to": {"table": "{table}-copy"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_item(TableName=name, Key={"id": ITEMS[0]["id"]})
    sandbox.put(name, *({**item, "n": {"N": "2"}} for item in ITEMS[1:3]))
    sandbox.put(name, {**ITEMS[3], "tags": {"SS": ["b", "a"]}, "n": {"N": "1.0"}})  # equal
    sandbox.put(name, {"id": {"S": "extra"}})
    return name


def test_it_counts_what_differs(backed_up: str, sandbox: Aws, program: Program) -> None:
    """And changes nothing. The exit code says so only if it is asked to."""
    before = sandbox.items(backed_up)
    done = program.run("diff", "--table", backed_up, "--output", "json")
    assert done.code == 0, done.err
    report = done.report
    conforms(report)
    counts = {
        name: report[name] for name in ("backup_items", "table_items", "equal", "missing", "changed", "extra")
    }
    assert counts == {
        "backup_items": 20,
        "table_items": 20,
        "equal": 17,
        "missing": 1,
        "changed": 2,
        "extra": 1,
    }
    assert report["keys"] is None
    assert report["scanned_from"] <= report["scanned_to"]
    assert program.run("diff", "rollback", "--detailed-exitcode").code == 2
    assert sandbox.items(backed_up) == before
    assert SECRET not in done.err


def test_a_limit_holds_the_scan_back(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A page takes at least a unit. There are as many pages as segments, at least."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *({"id": {"S": f"{n}"}, "text": {"S": "x" * 100_000}} for n in range(30)))
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0

    begun = time.monotonic()
    done = program.run("diff", "--table", name, "--read-units-per-second", "1")

    assert done.code == 0, done.err
    assert time.monotonic() - begun >= 1
    wrong = program.run("diff", "--table", name, "--read-units-per-second", "0")
    assert wrong.code == 64
    assert "--read-units-per-second: 0 is below the minimum of 1" in wrong.err


def test_the_keys_are_printed_on_demand(backed_up: str, program: Program) -> None:
    """On stdout and nowhere else."""
    expected = {
        ("missing", f"{SECRET}0"),
        ("changed", f"{SECRET}1"),
        ("changed", f"{SECRET}2"),
        ("extra", "extra"),
    }
    lines = program.run("diff", "rollback", "--show-keys", "--output", "jsonl")
    *keys, summary = map(json.loads, lines.out.splitlines())
    assert {(each["change"], each["key"]["id"]["S"]) for each in keys} == expected
    conforms(summary)
    document = program.run("diff", "rollback", "--show-keys", "--output", "json").report
    conforms(document)
    assert {(each["change"], each["key"]["id"]["S"]) for each in document["keys"]} == expected
    text = program.run("diff", "rollback", "--show-keys")
    assert {tuple(line.split(maxsplit=1)) for line in text.out.splitlines()[:4]} == {
        (change, json.dumps({"id": {"S": key}})) for change, key in expected
    }
    assert SECRET not in lines.err + text.err
    assert not [path for path in (program.directory / "state").rglob("*") if path.is_file()]


def test_equal_tables_are_equal(backed_up: str, sandbox: Aws, program: Program) -> None:
    """Also another table, which `--to` names."""
    other = f"{backed_up}-other"
    sandbox.create_table(other)
    sandbox.put(other, *ITEMS)
    done = program.run("diff", "--table", backed_up, "--to", other, "--detailed-exitcode")
    assert done.code == 0, done.out + done.err
    assert "equal    20" in done.out


def test_what_cannot_be_compared(backed_up: str, sandbox: Aws, program: Program) -> None:
    other = f"{backed_up}-keys"
    sandbox.create_table(other, hash_key="other")
    cases = [
        (("diff",), 64, "no restore and no table is named"),
        (("diff", "many"), 64, "is for many tables, but diff compares one"),
        (("diff", "rollbak"), 64, "has no restore 'rollbak'"),
        (("diff", "--table", backed_up, "--to", "nowhere"), 1, "nowhere does not exist"),
        (
            ("diff", "--table", backed_up, "--to", other),
            1,
            f"the key schema of {other} is not that of the table",
        ),
        (("diff", "--table", "unknown"), 5, "there is no complete backup of unknown"),
    ]
    for arguments, code, message in cases:
        done = program.run(*arguments)
        assert (done.code, message in done.err) == (code, True), (arguments, done.code, done.err)
