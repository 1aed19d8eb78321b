"""One run and one plan's problems in every form that a machine or a reviewer reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from ddbbackup.errors import AccessDenied, PitrDisabled, PlanInvalid
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.problems import Problem
from ddbbackup.report.renderers import github, gitlab, junit, markdown

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
REPORT = Report(
    "backup",
    "4711",
    "prod",
    START,
    START + timedelta(seconds=75),
    (
        Outcome(
            "backup orders",
            "backup",
            "orders",
            "done",
            {"backup": "20261125T030000Z-0badcafe", "items": 1200, "size_bytes": 4096},
            seconds=71.5,
        ),
        Outcome(
            "backup a|b",
            "backup",
            "a|b",
            "failed",
            error=PitrDisabled("point-in-time recovery of `a|b` is off,\n100%", hint="say `pitr: enable`"),
            seconds=0.25,
        ),
        Outcome("verify a|b", "verify", "a|b", "skipped", {"because": "backup a|b"}),
    ),
)
PROBLEMS = (
    Problem(
        "plans/prod.yaml", 3, 5, "tables[0].rpo", "bad-value", "'a, b: 5%' is no duration", "write `24h`"
    ),
    Problem("plans/prod.yaml", 9, 1, "", "not-utf-8", "the file is not UTF-8", "save it as UTF-8"),
)


def test_github_gets_an_annotation_for_each_problem_at_its_line() -> None:
    """Properties and text escape differently; a valid plan gets none."""
    first, second = github.problems(PROBLEMS).splitlines()
    assert first == (
        "::error file=plans/prod.yaml,line=3,col=5,title=ddbbackup%3A tables[0].rpo::"
        "'a, b: 5%25' is no duration; hint: write `24h`"
    )
    assert second.startswith("::error file=plans/prod.yaml,line=9,col=1,title=ddbbackup%3A plan::")
    assert github.problems(()) == ""


def test_github_gets_what_failed_and_one_notice() -> None:
    """Each command is one line, whatever the message holds."""
    failed, skipped, notice = github.outcomes(REPORT).splitlines()
    assert failed == (
        "::error title=ddbbackup%3A backup a|b::point-in-time recovery of `a|b` is off,%0A100%25; "
        "hint: say `pitr: enable`"
    )
    assert skipped.startswith("::warning title=ddbbackup%3A verify a|b::skipped: backup a|b failed")
    assert notice == "::notice title=ddbbackup::backup prod: 1 ok, 1 skipped, 1 failed (run 4711)"


def test_gitlab_gets_a_code_quality_report() -> None:
    """With GitLab's members, and fingerprints that tell problems apart but do not move with lines."""
    entries = json.loads(gitlab.problems((*PROBLEMS, PROBLEMS[0])))
    assert entries[0]["location"] == {"path": "plans/prod.yaml", "lines": {"begin": 3}}
    assert entries[0]["check_name"] == "ddbbackup/bad-value"
    assert entries[0]["severity"] in ("info", "minor", "major", "critical", "blocker")
    assert "tables[0].rpo" in entries[0]["description"]
    assert len({entry["fingerprint"] for entry in entries}) == 3
    moved = replace(PROBLEMS[0], line=44)
    assert json.loads(gitlab.problems((moved,)))[0]["fingerprint"] == entries[0]["fingerprint"]
    assert json.loads(gitlab.problems(())) == []


def test_junit_of_a_run_has_a_case_a_step() -> None:
    """As junitparser, which others wrote, reads it."""
    (suite,) = JUnitXml.fromstring(junit.outcomes(REPORT).encode())
    assert (suite.name, suite.tests, suite.failures, suite.skipped, suite.errors) == (
        "ddbbackup backup prod",
        3,
        1,
        1,
        0,
    )
    done, failed, skipped = list(suite)
    assert (done.classname, done.name, done.time, done.is_passed) == (
        "ddbbackup.backup",
        "orders",
        71.5,
        True,
    )
    assert "items: 1200" in done.system_out
    assert failed.result[0].type == "PitrDisabled"
    assert "pitr: enable" in failed.result[0].text
    assert skipped.is_skipped


def test_junit_of_a_plan_has_a_case_a_problem() -> None:
    """A valid plan is one case that passed."""
    (suite,) = JUnitXml.fromstring(junit.problems(PROBLEMS).encode())
    assert (suite.tests, suite.failures) == (2, 2)
    (suite,) = JUnitXml.fromstring(junit.problems(()).encode())
    assert (suite.tests, suite.failures) == (1, 0)


def test_markdown_is_ready_for_a_comment() -> None:
    """What a message holds is never markup."""
    text = markdown.outcomes(REPORT)
    assert text.startswith("### ddbbackup backup prod: 1 ok, 1 skipped, 1 failed\n")
    assert (
        "| ok | backup | `orders` | backup 20261125T030000Z-0badcafe, 1 200 items, 4.0 KiB | 1m 12s |" in text
    )
    assert "| FAILED | backup | `a\\|b` |" in text
    assert "hint: say `pitr: enable`" in text
    assert text.endswith("Run `4711`, 1m 15s, exit code 3.\n")
    assert "| `plans/prod.yaml:3:5` | `tables[0].rpo` |" in markdown.problems(PROBLEMS)


@pytest.mark.parametrize("form", [github, junit, markdown])
def test_a_failure_before_any_step_has_a_form(form: object) -> None:
    """Error and hint, or the problems of an invalid plan."""
    failure = form.failure  # type: ignore[attr-defined]
    said = failure(AccessDenied("no credentials were found", hint="sign in"))
    assert "no credentials were found" in said
    assert "sign in" in said
    assert "tables[0].rpo" in failure(PlanInvalid("2 problems", hint="mend them", problems=PROBLEMS))


@given(st.text(max_size=200))
def test_no_text_breaks_a_form(text: str) -> None:
    """Control characters, markup and line breaks of any message stay inside their place."""
    problem = Problem("p.yaml", 1, 1, "name", "bad-value", text, text)
    (suite,) = JUnitXml.fromstring(junit.problems((problem,)).encode())
    assert suite.tests == 1
    assert github.problems((problem,)).count("\n") == 1
    assert "\r" not in github.problems((problem,))
    assert len(json.loads(gitlab.problems((problem,)))) == 1
    *_, row, last = markdown.problems((problem,)).split("\n")
    assert last == ""
    assert row.startswith("| `p.yaml:1:1` | `name` | ")
    assert "<" not in row.replace("\\<", "")
