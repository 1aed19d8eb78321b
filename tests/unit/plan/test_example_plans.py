"""Plans that lie about as files: bad ones with what is said of them, good ones, and the examples of ``configs``.

After a change of words: ``DDBBACKUP_UPDATE=1 pytest tests/unit/plan/test_example_plans.py``, and read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddbbackup.plan import check
from ddbbackup.report.renderers import text

PLANS = Path(__file__).parents[2] / "plans"
BAD = sorted((PLANS / "bad").glob("*.yaml"))
CONFIGS = Path(__file__).parents[3] / "configs"
GOOD = [*sorted((PLANS / "good").glob("*.yaml")), *sorted(CONFIGS.glob("*.yaml"))]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_plan_gives_exactly_these_problems(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, each with its place, its path and a hint."""
    monkeypatch.chdir(path.parent)
    plan, problems = check([path.name], {})
    assert plan is None
    assert all(problem.message and problem.hint and problem.line and problem.column for problem in problems)
    said = text.problems(problems)
    expected = path.with_suffix(".txt")
    if os.environ.get("DDBBACKUP_UPDATE"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_plan_gives_no_problem(path: Path) -> None:
    """Also every example that the repository offers."""
    environ = {"EXTERNAL_ID": "external", "BACKUP_ACCOUNT": "123456789012", "AWS_REGION": "eu-west-1"}
    plan, problems = check([path], environ)
    assert problems == ()
    assert plan is not None


def test_there_are_many_bad_plans() -> None:
    """The collection that the next change is measured by."""
    assert len(BAD) >= 40


def test_scalars_are_read_by_the_rules_of_yaml_1_2() -> None:
    """`NO`, `off` and `12:30` are texts, as everybody means them."""
    plan, _ = check([PLANS / "good" / "yaml-1-2-scalars.yaml"], {})
    assert plan is not None
    assert plan.tables[0].name == "Yes"
    assert plan.tables[1].tags == {"country": "NO", "answer": "off", "at": "12:30", "none": "~none"}
