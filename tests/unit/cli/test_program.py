"""What the program says and returns when a verb ends by an exception."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddbbackup.cli import main
from ddbbackup.cli.signals import CONTINUES_AS, Terminated
from ddbbackup.cli.verbs import VERBS, Verb
from ddbbackup.errors import AccessDenied, Refused

ARGUMENTS = {"restore": ["orders-copy"], "completion": ["bash"], "find": ["orders"], "dump": ["orders"]}


@dataclass
class _Raising:
    """A verb module."""

    error: BaseException

    def run(self, options: Namespace) -> int:
        raise self.error


def run(verb: str, error: BaseException, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(Verb, "load", lambda self: _Raising(error))
    return main([verb, *ARGUMENTS.get(verb, []), *options])


@pytest.mark.parametrize("verb", VERBS)
def test_an_interruption_says_what_it_means_for_this_verb(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only verbs that wait for exports mention exports and `ddbbackup wait`."""
    assert run(verb, KeyboardInterrupt(), monkeypatch) == 130
    result = VERBS[verb].on_interrupt
    text = capsys.readouterr().err
    assert text == f"ddbbackup: interrupted; {result.message}\nhint: {result.hint}\n"
    assert ("exports" in text) == ("ddbbackup wait" in text) == (verb in ("backup", "wait"))


def test_the_hint_of_an_interruption_and_of_an_error_names_the_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("wait", KeyboardInterrupt(), monkeypatch, "-f", "eu.yaml") == 130
    assert "`ddbbackup wait -f eu.yaml`" in capsys.readouterr().err
    assert run("status", Refused("no", hint="run `ddbbackup list`"), monkeypatch, "-f", "eu.yaml") == 1
    assert capsys.readouterr().err.endswith("hint: run `ddbbackup list -f eu.yaml`\n")


def test_a_run_of_many_tables_is_continued_by_its_run_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next run would else meet the tables that are done."""
    stop = KeyboardInterrupt()
    vars(stop)[CONTINUES_AS] = "20261126T170000Z-cafe"
    assert run("restore", stop, monkeypatch) == 130
    assert capsys.readouterr().err.endswith(
        "hint: run the same command with `--run-id 20261126T170000Z-cafe` to continue this run\n"
    )


def test_sigterm_is_a_termination(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its own exit code."""
    assert run("status", Terminated(), monkeypatch) == 143
    assert capsys.readouterr().err == (
        "ddbbackup: terminated; nothing was changed\nhint: run the same command again\n"
    )


def test_an_error_is_printed_with_its_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr; stdout is left for data."""
    assert run("list", AccessDenied("no AWS credentials found", hint="sign in"), monkeypatch) == 77
    text = capsys.readouterr()
    assert text.out == ""
    assert text.err == "ddbbackup: no AWS credentials found\nhint: sign in\n"


def test_an_unexpected_error_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a traceback, and as a document if one was requested."""
    assert run("list", ZeroDivisionError(), monkeypatch, "--output", "json") == 70
    text = capsys.readouterr()
    assert '"kind": "Bug"' in text.out
    assert "Traceback" in text.err
    assert "ddbbackup: unexpected error: ZeroDivisionError\nhint: report this bug at https://" in text.err


@pytest.mark.parametrize("words", [["report", "-o"], ["status", "--output"]])
def test_an_output_that_cannot_be_written_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Before the plan is read. The error itself would be written to the same file."""
    form = "" if words[1] == "-o" else "json="
    assert main([*words, f"{form}{tmp_path}"]) == 1
    assert capsys.readouterr().err == (
        f"ddbbackup: cannot write {tmp_path}: is a directory\n"
        f"hint: name a file in that directory, such as {tmp_path / 'FILE'}\n"
    )
