"""``restore`` without an element in the plan, and of many tables: by names, patterns and tags."""

from __future__ import annotations

import json
import re
import secrets
import signal
import time
from typing import Any

import pytest

from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(20)]


def items_of(table: str) -> list[Item]:
    """Different ones in each table."""
    return [*ITEMS, {"id": {"S": table}}]


@pytest.fixture(scope="module")
def name() -> str:
    """A name for all tests of this file, which share its tables and their backups."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def into() -> str:
    """The end of the names of targets, another one in each test."""
    return secrets.token_hex(3)


@pytest.fixture(scope="module")
def backed_up(sandbox: Aws, name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three tables with backups, `-a`, `-b` and `-c`. All but the last are tagged, and the first is gone.

    Returns the plan.
    """
    names = [f"{name}-{letter}" for letter in "abc"]
    bucket = sandbox.create_bucket(f"{name}-vault")
    for table in names:
        tags = [{"Key": "team", "Value": name}] if table != names[2] else []
        sandbox.create_table(table, pitr=True, Tags=tags)
        sandbox.put(table, *items_of(table))
    program = Program(tmp_path_factory.mktemp("backup"))
    text = plan(sandbox, bucket, tables=[{"match": f"{name}-?"}], restores=restores(name))
    program.plan(text)
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_table(TableName=names[0])
    return text


@pytest.fixture
def tables(backed_up: str, name: str, program: Program) -> list[str]:
    program.plan(backed_up)
    return [f"{name}-{letter}" for letter in "abc"]


def restores(name: str) -> dict[str, Any]:
    return {"all-of-them": {"match": [f"{name}-*"], "exclude": ["*-c"], "to": {"table": "{table}-plan"}}}


def steps(done: Result) -> dict[str, str]:
    """The status of each step by its ID."""
    return {each["step"]: each["status"] for each in json.loads(done.out)["outcomes"]}


def test_one_table_that_no_element_names(sandbox: Aws, program: Program, tables: list[str]) -> None:
    """Also with options that lie over those of the plan: `preview` shows the same, and nothing is made twice."""
    words = [
        "--table",
        tables[0],
        "--to",
        f"{tables[0]}-new",
        "--create",
        "new",
        "--billing-mode",
        "PAY_PER_REQUEST",
    ]
    previewed = program.run("preview", "restore", *words, "--output", "json")
    assert (previewed.code, previewed.report["restores"][0]["blockers"]) == (0, [])

    done = program.run("restore", *words, "--output", "json")

    assert steps(done) == {f"restore {tables[0]}": "done"}, done.err
    assert sandbox.items(f"{tables[0]}-new") == in_order(items_of(tables[0]))
    assert program.run("restore", *words).code == 1  # `--create new` refuses the table that exists


def test_all_tables_that_match_in_one_run(
    sandbox: Aws, program: Program, tables: list[str], name: str, into: str
) -> None:
    """Those that exist, and those that do not; each into a table of its own."""
    words = ["--match", f"{name}-*", "--exclude", "*-c", "--to", f"{{table}}-{into}", "--output", "json"]
    previewed = program.run("preview", "restore", *words)
    assert [each["table"] for each in previewed.report["restores"]] == [
        f"{each}-{into}" for each in tables[:2]
    ]

    done = program.run("restore", *words)

    assert done.code == 0, done.err
    assert steps(done) == {f"restore {each}": "done" for each in tables[:2]}
    for table in tables[:2]:
        assert sandbox.items(f"{table}-{into}") == in_order(items_of(table))
    assert not sandbox.exists(f"{tables[2]}-{into}")


def test_an_element_of_many_tables(sandbox: Aws, program: Program, tables: list[str]) -> None:
    """The steps have the name of the element and of the table. The whole plan is previewed with them."""
    whole = program.run("preview", "--output", "json")
    assert [each["step"] for each in whole.report["restores"]] == [
        f"restore all-of-them {each}" for each in tables[:2]
    ]
    done = program.run("restore", "all-of-them", "--output", "json")
    assert steps(done) == {f"restore all-of-them {each}": "done" for each in tables[:2]}, done.err
    assert sandbox.items(f"{tables[1]}-plan") == in_order(items_of(tables[1]))


def test_a_table_that_fails_does_not_stop_the_others(
    sandbox: Aws, program: Program, tables: list[str], name: str, into: str
) -> None:
    """Here a table that holds items already: exit code 3."""
    sandbox.create_table(f"{tables[0]}-{into}")
    sandbox.put(f"{tables[0]}-{into}", {"id": {"S": "own"}})

    done = program.run("restore", "--match", f"{name}-*", "--to", f"{{table}}-{into}", "--output", "json")

    assert done.code == 3
    assert list(steps(done).values()) == ["failed", "done", "done"]
    assert "already holds items" in done.error["message"]
    assert sandbox.items(f"{tables[0]}-{into}") == [{"id": {"S": "own"}}]
    assert sandbox.items(f"{tables[2]}-{into}") == in_order(items_of(tables[2]))


def test_a_run_of_many_tables_is_continued_by_its_run_id(
    sandbox: Aws, program: Program, tables: list[str], name: str, into: str
) -> None:
    """Without it, tables that are done hold items already: their error names the run that restored them."""
    blocking = f"{tables[0]}-{into}"
    sandbox.create_table(blocking)
    sandbox.put(blocking, {"id": {"S": "own"}})
    words = ["restore", "--match", f"{name}-*", "--to", f"{{table}}-{into}", "--output", "json"]
    first = program.run(*words)
    assert list(steps(first).values()) == ["failed", "done", "done"]
    sandbox.dynamodb.delete_table(TableName=blocking)

    again = program.run(*words)
    assert list(steps(again).values()) == ["done", "failed", "failed"], again.err
    run = first.report["run"]
    for outcome in again.report["outcomes"][1:]:
        assert f"the run {run} restored this backup into it" in outcome["error"]["message"]
        assert outcome["error"]["hint"].startswith(f"pass `--run-id {run}`, so that it counts as done")
    sandbox.dynamodb.delete_table(TableName=blocking)

    continued = program.run(*words, "--run-id", run)
    assert continued.code == 0, continued.err
    assert list(steps(continued).values()) == ["done", "unchanged", "unchanged"]
    assert sandbox.items(blocking) == in_order(items_of(tables[0]))


def test_the_hint_of_an_interruption_continues_the_run(
    sandbox: Aws, program: Program, tables: list[str], name: str, into: str
) -> None:
    """Ctrl-C while one table is done and others are not."""
    words = ["restore", "--match", f"{name}-*", "--to", f"{{table}}-{into}"]
    slow = ["--write-units-per-second", "1"]
    process = program.start(*words, *slow)
    while not sandbox.exists(f"{tables[2]}-{into}"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130, err
    option = re.search(r"hint: run the same command with `(--run-id \S+)` to continue this run", err)
    assert option is not None, err

    continued = program.run(*words, *option[1].split(), "--output", "json")
    assert continued.code == 0, continued.err
    for table in tables:
        assert sandbox.items(f"{table}-{into}") == in_order(items_of(table))


def test_tags_are_those_that_were_recorded(
    sandbox: Aws, program: Program, tables: list[str], into: str, name: str
) -> None:
    """A table that was deleted has no others; a table that lost its tag is still selected by its backup."""
    arn = sandbox.dynamodb.describe_table(TableName=tables[1])["Table"]["TableArn"]
    sandbox.dynamodb.untag_resource(ResourceArn=arn, TagKeys=["team"])

    done = program.run("restore", "--tag", f"team={name}", "--to", f"{{table}}-{into}", "--output", "json")

    assert steps(done) == {f"restore {each}": "done" for each in tables[:2]}, done.err


def test_schema_only_makes_tables_without_items(sandbox: Aws, program: Program, tables: list[str]) -> None:
    """With keys and settings. A later restore fills the table."""
    words = ["--table", tables[0], "--to", f"{tables[0]}-empty", "--settings", "tags"]
    previewed = program.run("preview", "restore", *words, "--schema-only")
    assert "without items" in previewed.out

    done = program.run("restore", *words, "--schema-only", "--output", "json")

    assert done.code == 0, done.err
    table = sandbox.dynamodb.describe_table(TableName=f"{tables[0]}-empty")["Table"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert sandbox.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert sandbox.items(f"{tables[0]}-empty") == []
    assert program.run("restore", *words).code == 0
    assert sandbox.items(f"{tables[0]}-empty") == in_order(items_of(tables[0]))


def test_a_selection_without_tables_is_an_error(
    program: Program, tables: list[str], name: str, into: str
) -> None:
    """Exit code 5, and 64 for tables that would all be restored into one."""
    nothing = program.run("restore", "--match", f"{name}-x*", "--to", f"{{table}}-{into}")
    assert nothing.code == 5
    assert f"no table with backups is selected by {name}-x*" in nothing.err
    assert program.run("restore", "--all", "--to", "one").code == 64


def test_without_a_name_restore_lists_what_can_be_restored(
    program: Program, tables: list[str], name: str
) -> None:
    """Elements with source and target, and tables with their newest restore point: and it is no success."""
    listed = program.run("restore", "--output", "json")
    assert listed.code == 64
    assert "nothing was restored" in listed.err
    (element,) = listed.report["restores"]
    assert (element["name"], element["tables"], element["source"], element["target"]) == (
        "all-of-them",
        f"{name}-*",
        "latest",
        "{table}-plan",
    )
    assert [(each["table"], each["kind"], each["items"]) for each in listed.report["tables"]] == [
        (table, "full", len(ITEMS) + 1) for table in tables
    ]
    newest = listed.report["tables"][0]["backup"]
    assert f"{tables[0]}  {newest}" in program.run("restore").out
    assert program.run("restore", "--output", "markdown").code == 64
    for verb in (("restore",), ("preview", "restore"), ("preview",)):
        part = program.run(*verb, "--key", "id=s3cr3t")
        assert (part.code, part.out) == (64, "")
        assert "--key applies to a restore, but no table is selected" in part.err
        assert "s3cr3t" not in part.err


def test_of_many_tables_some_may_have_none_of_the_items(
    sandbox: Aws, program: Program, tables: list[str], into: str
) -> None:
    """But not all of them."""
    chosen = ("restore", "--match", f"{tables[0][:-1]}?", "--to", f"{{table}}-{into}", "--output", "json")
    one = program.run(*chosen, "--key", f"id={tables[1]}")
    assert one.code == 0, one.err
    assert [len(sandbox.items(f"{table}-{into}")) for table in tables] == [0, 1, 0]
    none = program.run(*chosen, "--key", "id=nobody", "--existing", "keep")
    assert none.code == 5, none.err
    assert [each["status"] for each in none.report["outcomes"]] == ["failed"] * 3


def test_hints_name_what_exists(program: Program, tables: list[str]) -> None:
    """The nearest table and backup; for an instant before the first backup, the oldest one and recovery."""
    backup = program.run("restore", "--output", "json").report["tables"][1]["backup"]

    def hint(*words: str, code: int = 1) -> str:
        done = program.run("restore", *words, "--to", "t-new", "--output", "json")
        assert done.code == code
        return str(done.error["hint"])

    assert hint("--table", f"{tables[1]}b", code=5) in (
        f"use `{tables[1]}` instead",
        f"use `{tables[0]}` instead",
    )
    wrong = f"{backup[:-1]}{'0' if backup[-1] != '0' else '1'}"
    assert hint("--table", tables[1], "--from", wrong, code=5) == f"use `{backup}` instead"
    early = hint("--table", tables[1], "--from", "2020-01-01")
    assert early.startswith(f"use the oldest restore point with `--from {backup}` (as of 20")
    assert "--method point-in-time" not in early  # which does not reach that time either
    assert "point-in-time" not in hint("--table", tables[0], "--from", "2020-01-01")  # which is gone
