"""``explain``: keys of the plan, by their paths."""

from __future__ import annotations

import pytest

from ddbbackup.cli import main
from ddbbackup.plan.keys import find_key, keys_within, plan_keys
from ddbbackup.report.renderers.view import View


@pytest.mark.parametrize(
    "path",
    [
        "restores.to.settings",
        "restores.NAME.to.settings",
        "restores.orders-copy.to.settings",
    ],
)
def test_a_key_is_found_with_and_without_names(path: str) -> None:
    assert find_key(path).path == "restores.NAME.to.settings"


@pytest.mark.parametrize("path", ["tables.match", "tables[].match", "tables[3].match"])
def test_a_key_is_found_with_and_without_indexes(path: str) -> None:
    assert find_key(path).path == "tables[].match"


def test_every_key_is_found_by_the_path_that_the_reference_shows() -> None:
    for key in plan_keys():
        assert find_key(key.path).plain_path == key.plain_path
        assert find_key(key.plain_path).plain_path == key.plain_path


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("restores.to.setings", "use `restores.to.settings` instead"),
        ("tabels", "use `tables` instead"),
        ("bucket", "run `ddbbackup explain destinations.bucket`"),
        ("restores.nonsense", "run `ddbbackup explain restores` to see its keys"),
        ("x.y.z", "run `ddbbackup explain`"),
        ("", "run `ddbbackup explain`"),
    ],
)
def test_an_unknown_key_is_a_usage_error_with_the_nearest(
    path: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", path]) == 64
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"hint: {hint}" in printed.err


def test_a_key_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Value, default, example, description, and the keys within it."""
    assert main(["explain", "tables.method"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("tables[].method\n  value: `export`, ")
    assert "\n  default: export\n" in text
    assert main(["explain", "restores.to"]) == 0
    text = capsys.readouterr().out
    assert "\nkeys:\n  restores.NAME.to.table" in text
    assert main(["explain", "name"]) == 0
    assert "\n  required\n  example: prod\n" in capsys.readouterr().out


def test_without_a_key_the_keys_of_the_plan_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    heads = [
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if line[:3].strip() and line[0] == " "
    ]
    assert heads == [key.path for key in keys_within(None)]
    assert {"version", "tables", "restores"} <= set(heads)


def test_lines_fit_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddbbackup.cli.commands.explain.stdout_view", lambda: View(width=60, lines=24))
    assert main(["explain", "tables"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60
