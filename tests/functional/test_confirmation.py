"""The question before a restore destroys something: on a terminal with facts, elsewhere with --yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.aws import Aws, in_order
from tests.support.next_second import wait_for_next_second
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(5)]
NEWER: Item = {"id": {"S": "0"}, "v": {"S": "newer"}}


@pytest.fixture
def tables(sandbox: Aws, bucket: str, name: str, program: Program) -> list[str]:
    """Two tables with a backup, both changed since."""
    names = [f"{name}-a", f"{name}-b"]
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))
    for table in names:
        sandbox.create_table(table, pitr=True)
        sandbox.put(table, *ITEMS)
    assert program.run("backup").code == 0
    for table in names:
        sandbox.put(table, NEWER)
    return names


def test_the_name_of_the_table_is_asked_for_with_the_facts(
    sandbox: Aws, program: Program, tables: list[str]
) -> None:
    """Account, Region, restore point, items, and what will be lost. Another answer changes nothing."""
    table = tables[0]
    words = ["restore", "--table", table, "--existing", "overwrite"]

    code, shown = program.on_terminal("yes", *words)
    assert code == 1, shown
    assert "the answer was not" in shown
    assert "so nothing was written" in shown
    assert NEWER in sandbox.items(table)
    for fact in (
        f"table          {table} in account 123456789012, region eu-west-1",
        "restore point  20",
        " ago)",
        "5 in the backup",
        "will be lost   changes since the restore point to items that it holds; other items stay",
    ):
        assert fact in shown

    code, shown = program.on_terminal(table, *words)
    assert code == 0, shown
    assert sandbox.items(table) == in_order(ITEMS)


def test_for_many_tables_the_name_of_the_plan_is_asked_for_once(
    sandbox: Aws, program: Program, tables: list[str], name: str
) -> None:
    words = ["restore", "--match", f"{name}-*", "--existing", "keep"]
    code, shown = program.on_terminal("test", *words)
    assert code == 0, shown
    assert shown.count("Type the name of the plan, test, to confirm this for") == 1
    assert "items that were deleted since the restore point come back" in shown
    assert NEWER in sandbox.items(tables[0])


def test_nothing_is_asked_if_nothing_can_be_lost(program: Program, tables: list[str]) -> None:
    """A new table, or one that holds no items."""
    code, shown = program.on_terminal("", "restore", "--table", tables[0], "--to", f"{tables[0]}-new")
    assert code == 0, shown
    assert "to confirm" not in shown


def test_ctrl_c_at_the_question_writes_nothing(sandbox: Aws, program: Program, tables: list[str]) -> None:
    """At once, and it says so."""
    code, shown = program.on_terminal("\x03", "restore", "--table", tables[0], "--existing", "overwrite")
    assert code == 130, shown
    assert "\nddbbackup: interrupted; nothing was written\nhint: " in shown
    assert NEWER in sandbox.items(tables[0])


def test_pipelines_pass_yes(sandbox: Aws, program: Program, tables: list[str]) -> None:
    """Also to write missing items into the live table, which may be in use."""
    words = ["restore", "--table", tables[0], "--existing", "keep"]
    refused = program.run(*words, "--output", "json")
    assert refused.code == 1
    assert (
        "is the live table of this backup, and `--existing keep` writes items into it"
        in refused.error["message"]
    )
    assert refused.error["hint"] == "pass --yes to confirm"
    assert program.run(*words, "--yes").code == 0
    assert NEWER in sandbox.items(tables[0])


def test_an_older_backup_is_named_at_the_question_in_the_report_and_by_diff(
    sandbox: Aws, bucket: str, program: Program, tables: list[str]
) -> None:
    """Whoever mirrors it loses what changed between the two backups, and must read that before the answer."""
    table = tables[0]
    wait_for_next_second()
    assert program.run("backup", "--only", table).code == 0
    record = json.loads(sandbox.read(bucket, sandbox.record_keys(bucket, table)[-1]))
    folder = record["export"]["arn"].rpartition("/")[2]
    (data,) = [key for key in sandbox.keys(bucket) if f"/{folder}/data/" in key][:1]
    sandbox.s3.delete_object(Bucket=bucket, Key=data)
    blocked = program.run("restore", "--table", table, "--to", f"{table}-restored")
    older = json.loads(sandbox.read(bucket, sandbox.record_keys(bucket, table)[0]))["id"]
    assert blocked.code == 65
    assert (
        f"hint: restore the backup before it with `--from {older}`, or add --accept-incomplete" in blocked.out
    )
    assert program.run("verify", "--only", table).code == 65
    why = f"the newer backup {record['id']} cannot be restored: it was found damaged"

    compared = program.run("diff", "--table", table)
    assert f"OLDER BACKUP  {why}" in compared.out
    code, shown = program.on_terminal(
        table, "restore", "--table", table, "--existing", "mirror", "--yes-delete", "9"
    )
    assert code == 0, shown
    asked, report = " ".join(shown.split()).split("to confirm", 1)  # lines are wrapped
    assert f"OLDER BACKUP {why}" in asked
    assert "OLDER BACKUP" in report
    assert why in report
    assert sandbox.items(table) == in_order(ITEMS)
