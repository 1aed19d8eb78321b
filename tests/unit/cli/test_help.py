"""The help texts, compared with snapshots: set ``DDBBACKUP_UPDATE=1`` to write them, and read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddbbackup.cli import main
from ddbbackup.cli.verbs import VERBS

SNAPSHOTS = Path(__file__).parent / "help"


def matches(rendered: str, name: str) -> bool:
    snapshot = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("DDBBACKUP_UPDATE"):
        snapshot.write_text(rendered, encoding="utf-8")
    return rendered == snapshot.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does, its options, examples, exit codes, and where its documentation is."""
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert matches(text, verb)
    assert max(map(len, text.splitlines())) <= 80


def test_the_help_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """Every verb with one line."""
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert matches(text, "ddbbackup")
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"\n    {verb}" in text for verb in VERBS)
