"""What ``demo --serve -f PLAN`` says about the sandbox."""

from __future__ import annotations

import pytest

from ddbbackup.cli.commands import demo
from ddbbackup.cli.commands.demo import _contents, _progress


def test_many_tables_are_counted_and_few_are_named() -> None:
    """So that the commands to type are seen."""
    assert _contents(["orders", "users"], ["vault"]) == "orders, users and the bucket vault"
    assert _contents([f"t{n}" for n in range(200)], ["vault", "audit"]) == (
        "200 tables and the buckets vault, audit"
    )


def test_the_tables_that_are_created_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two hundred take a minute: one line that changes on a terminal, one line elsewhere."""
    for is_terminal, lines in (
        (False, ["starting the sandbox and creating 2 tables", ""]),
        (True, ["starting the sandbox and creating 2 tables: 2/2", ""]),
    ):
        monkeypatch.setattr(demo, "stderr_is_terminal", lambda is_terminal=is_terminal: is_terminal)
        show = _progress(2)
        show(1)
        show(2)
        assert [line.rpartition("\r")[2] for line in capsys.readouterr().err.split("\n")] == lines
