"""Which plans ``-f`` names: one of several files, or several that match a pattern."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.cli.grammar import parse
from ddbbackup.cli.plan_globs import separate_plans
from ddbbackup.errors import UsageError


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("base.yaml", "plans/b.yaml", "plans/a.yaml", "plans/[x].yaml", "plans/sub/c.yaml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_without_a_pattern_are_one_plan(directory: Path) -> None:
    assert separate_plans(["base.yaml", "missing.yaml", "-"]) == [["base.yaml", "missing.yaml", "-"]]


def test_every_match_of_a_pattern_is_a_plan(directory: Path) -> None:
    """In the order of the names, with the files before and after it."""
    assert separate_plans(["plans/[ab].yaml"]) == [["plans/a.yaml"], ["plans/b.yaml"]]
    assert separate_plans(["base.yaml", "plans/[ab].yaml"]) == [
        ["base.yaml", "plans/a.yaml"],
        ["base.yaml", "plans/b.yaml"],
    ]
    assert separate_plans([f"{directory}/**/c.yaml"]) == [[f"{directory}/plans/sub/c.yaml"]]


def test_a_name_that_exists_is_a_file(directory: Path) -> None:
    assert separate_plans(["plans/[x].yaml"]) == [["plans/[x].yaml"]]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["nowhere/*.yaml"], "no file matches 'nowhere/*.yaml'"),
        (["plans/*.yaml", "*.yaml"], "two patterns of plan files are given"),
    ],
)
def test_a_pattern_without_matches_and_a_second_one_are_errors(
    directory: Path, files: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message.replace("*", r"\*")):
        separate_plans(files)


def test_a_pattern_that_the_shell_has_replaced_is_recognized() -> None:
    """`-f plans/*.yaml` without quotes gives the second file to TABLE."""
    with pytest.raises(UsageError) as raised:
        parse(["status", "-f", "plans/a.yaml", "plans/b.yaml"])
    assert raised.value.hint == "name a plan with -f, and put a pattern in quotes, such as -f 'plans/*.yaml'"


@pytest.mark.parametrize("verb", ["backup", "wait", "status", "list", "verify", "prune", "doctor"])
def test_tables_are_named_as_arguments_and_by_only(verb: str) -> None:
    assert parse([verb, "orders", "billing-*", "--only", "users", "--only", "logs"]).only == (
        *("orders", "billing-*"),
        *("users", "logs"),
    )
