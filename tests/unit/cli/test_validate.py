"""``validate``: several plans at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.cli import main

PLAN = "version: 1\nname: p\ndestinations: {vault: {bucket: acme-vault}}\ntables: [{name: orders}]\n"


@pytest.fixture(autouse=True)
def _plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two plans that are valid, and one with a problem."""
    (tmp_path / "plans").mkdir()
    for name in ("a", "b"):
        (tmp_path / "plans" / f"{name}.yaml").write_text(PLAN)
    (tmp_path / "plans" / "c.yaml").write_text(PLAN.replace("name: orders", "nmae: orders"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "words", [["plans/*.yaml"], ["-f", "plans/*.yaml"], ["plans/a.yaml", "plans/b.yaml", "plans/c.yaml"]]
)
def test_a_pattern_names_plans_that_are_checked_separately(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line does not blame plans that are valid."""
    assert main(["validate", *words]) == 78
    printed = capsys.readouterr()
    assert "plans/a.yaml: valid; 1 table entry" in printed.out
    assert "plans/b.yaml: valid; 1 table entry" in printed.out
    assert "plans/c.yaml:4:" in printed.out
    assert printed.err == "ddbbackup: 1 problem in 1 of 3 plans\n"


def test_a_pattern_that_matches_nothing_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "plan/*.yaml"]) == 64
    assert "no file matches 'plan/*.yaml'" in capsys.readouterr().err
