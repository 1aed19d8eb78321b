"""What a person sees on a terminal: progress, then what failed, once; no log."""

from __future__ import annotations

import re

import pytest

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def one_of_two(sandbox: Aws, bucket: str, name: str, program: Program) -> str:
    """A table, and one that does not exist."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}, {"name": f"{name}-gone"}]))
    return name


def test_a_backup_shows_one_line_of_progress_and_a_failure_once(one_of_two: str, program: Program) -> None:
    """Then `status` shows its table, and neither has a line of log."""
    code, shown = program.on_terminal("", "backup", TERM="xterm", COLUMNS="120")
    plain = _CODES.sub("", shown)
    assert code == 3, shown
    assert "backup 0/2 tables" in plain or "backup 1/2 tables" in plain
    assert "\x1b[?25h" in shown.rpartition("tables ·")[2], "the cursor is shown again"
    lines = plain.rpartition("· 0:")[2].splitlines()
    assert lines[-7] == f"FAILED  backup {one_of_two}-gone"
    assert lines[-6].startswith(f"  table {one_of_two}-gone does not exist")
    assert plain.count("does not exist") == 1
    assert "\x1b[1;31mFAILED" in shown
    assert lines[-3].startswith("backup test: 1 failed, 1 ok in ")
    assert "run.started" not in plain
    assert "backup.recorded" not in plain

    code, shown = program.on_terminal("", "status")
    assert code == 0, shown
    assert "plan.resolved" not in shown
    code, shown = program.on_terminal("", "status", "-v")
    assert "plan.resolved" in shown


def test_a_quiet_backup_shows_only_what_failed(one_of_two: str, program: Program) -> None:
    """As a cron job, which sends what is printed."""
    code, shown = program.on_terminal("", "backup", "--quiet")
    assert code == 3
    assert _CODES.sub("", shown).splitlines()[0] == f"FAILED  backup {one_of_two}-gone"
    assert len(shown.splitlines()) == 3
    code, shown = program.on_terminal("", "backup", "-q", "--only", one_of_two)
    assert (code, shown) == (0, "")


def test_damage_is_said_once(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """By the report of `verify`, not by the log above it too."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0
    [manifest] = [
        key for key in sandbox.keys(bucket) if key.endswith("/manifest-files.json") and f"/{name}/" in key
    ]
    sandbox.s3.delete_object(Bucket=bucket, Key=manifest)
    code, shown = program.on_terminal("", "verify", TERM="xterm", COLUMNS="120")
    plain = _CODES.sub("", shown)
    assert code == 65, shown
    assert "damage.suspected" not in plain
    assert plain.count("FAILED") == 1
    code, shown = program.on_terminal("", "verify", "-v", TERM="xterm", COLUMNS="120")
    assert "damage.suspected" in _CODES.sub("", shown)
