"""Words that people type because other programs have them."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from ddbbackup.cli import main
from ddbbackup.cli.aliases import MEANT_VERBS, VERB_ALIASES, translate
from ddbbackup.cli.grammar import parse
from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import UsageError

PLAN = b"version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("plan --only a", "preview --only a"),
        ("ls -f x.yaml", "list -f x.yaml"),
        ("version", "--version"),
        ("help", "--help"),
        ("help restore", "restore --help"),
        ("help ls", "list --help"),
        ("status --json", "status --output json"),
        ("schema --json", "schema --json"),
        ("bakcup --json", "bakcup --json"),
        ("", ""),
    ],
)
def test_aliases_are_translated(typed: str, understood: str) -> None:
    """What has no meaning here is left to the parser and its messages."""
    assert translate(typed.split()) == understood.split()


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("backup --dry-run --only a --no-wait", "ddbbackup preview backup --only a"),
        ("backup -n --timeout 3h -f x.yaml", "ddbbackup preview backup -f x.yaml"),
        ("backup --timeout=3h --dry-run", "ddbbackup preview backup"),
        ("restore copy -n -y", "ddbbackup preview restore copy"),
        ("prune --apply --dry-run", "ddbbackup prune"),
        ("status -n", "ddbbackup status"),
    ],
)
def test_a_dry_run_is_answered_with_the_command_for_it(typed: str, command: str) -> None:
    """It can be copied, and it parses."""
    with pytest.raises(UsageError) as raised:
        translate(typed.split())
    assert f"run `{command}`" in raised.value.hint
    parse(command.split()[1:])


@pytest.mark.parametrize(
    "verb", [verb.name for verb in VERBS.values() if verb.forms and verb.name != "report"]
)
def test_o_is_output(verb: str) -> None:
    """As in kubectl."""
    assert parse([verb, "-o", "json"]).output == "json"


def test_o_of_report_is_its_file() -> None:
    """As in `dump`; a form is not taken for the name of a file."""
    assert parse(["report", "-o", "page.html"]).output_files == [("html", "page.html")]
    assert parse(["report", "-o", "-"]).output == "html"
    with pytest.raises(UsageError) as raised:
        parse(["report", "-o", "json"])
    assert raised.value.hint == "write --output json"


def test_y_is_yes() -> None:
    """As in apt."""
    assert parse(["restore", "copy", "-y"]).yes


def test_aliases_are_of_verbs_and_are_no_verbs() -> None:
    """A new verb could have the name of an alias."""
    assert {*VERB_ALIASES.values(), *MEANT_VERBS.values()} <= set(VERBS)
    assert VERBS.keys().isdisjoint({*VERB_ALIASES, *MEANT_VERBS, "help", "version"})


@pytest.mark.parametrize(
    ("typed", "hint"), [("check", "use `validate`"), ("delete", "use `prune`"), ("start", "choose one of:")]
)
def test_a_verb_of_another_program_is_answered_with_ours_if_it_means_the_same(typed: str, hint: str) -> None:
    """`start` is spelled nearly like `status`, and means something else."""
    with pytest.raises(UsageError) as raised:
        parse([typed])
    assert hint in raised.value.hint


def test_a_plan_is_read_from_stdin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-f -`, as other programs write it; problems have the name `-`."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(PLAN)))
    assert main(["validate", "-f", "-"]) == 0
    assert "-: valid; 1 table entry" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(PLAN + b"tabels: []\n")))
    assert main(["validate", "-"]) == 78
    assert capsys.readouterr().out.startswith("-:5:1: tabels: unknown key")


@pytest.mark.parametrize(
    "arguments", [["validate", "-f", "-", "-f", "-"], ["validate", "-", "-"], ["init", "-f", "-"]]
)
def test_stdin_is_no_file_to_read_twice_or_to_write(arguments: list[str]) -> None:
    assert main(arguments) == 64


def test_a_closed_stdin_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python then has none."""
    monkeypatch.setattr("sys.stdin", None)
    assert main(["validate", "-f", "-"]) == 78
    assert "cannot be read" in capsys.readouterr().out
