"""The report of a run, the problems of a plan and an early failure, in every form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from ddbbackup.errors import AccessDenied, PitrDisabled, PlanInvalid, TimedOut
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.problems import Problem
from ddbbackup.report.documents.failure import failure
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.documents.validate import ValidatedPlan, Validation
from ddbbackup.report.renderers import (
    Form,
    github,
    gitlab,
    json_documents,
    junit,
    markdown,
    renderer,
    terraform,
    text,
)
from ddbbackup.report.renderers.view import View

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
REPORT = run_report(
    Report(
        "backup",
        "4711",
        "prod",
        "123456789012",
        "eu-west-1",
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
                error=PitrDisabled(
                    "point-in-time recovery of `a|b` is off,\n100%", hint="set `pitr: enable`"
                ),
                seconds=0.25,
            ),
            Outcome("verify a|b", "verify", "a|b", "skipped", {"because": "backup a|b"}),
        ),
    )
)
PROBLEMS = (
    Problem(
        "plans/prod.yaml", 3, 5, "tables[0].rpo", "bad-value", "'a, b: 5%' is not a duration", "write `24h`"
    ),
    Problem("plans/prod.yaml", 9, 1, "", "not-utf-8", "the file is not UTF-8", "save it as UTF-8"),
)
INVALID = Validation((ValidatedPlan(("plans/prod.yaml",), valid=False),), PROBLEMS)
VALID = Validation((ValidatedPlan(("plans/prod.yaml", "over.yaml"), True, 1, 2),), ())


def problems(*found: Problem) -> Validation:
    return Validation((), found)


def test_text_has_two_lines_for_each_problem_and_one_for_a_valid_plan() -> None:
    """Place and message, then the hint."""
    assert text.render(INVALID) == (
        "plans/prod.yaml:3:5: tables[0].rpo: 'a, b: 5%' is not a duration\n"
        "  hint: write `24h`\n"
        "plans/prod.yaml:9:1: the file is not UTF-8\n"
        "  hint: save it as UTF-8\n"
    )
    assert text.render(VALID) == "plans/prod.yaml, over.yaml: valid; 1 table entry, 2 restores\n"


def test_text_of_a_run_has_what_failed_then_counts_then_the_rest() -> None:
    """A failure is said once, with its reason and its hint."""
    assert text.render(REPORT) == (
        "FAILED  backup a|b\n"
        "  point-in-time recovery of `a|b` is off,\n100%\n"
        "  hint: set `pitr: enable`\n"
        "\n"
        "skipped  verify a|b\n"
        "  backup a|b failed\n"
        "\n"
        "backup prod: 1 failed, 1 skipped, 1 ok in 1m 15s "
        "(run 4711, account 123456789012, region eu-west-1)\n"
        "\n"
        "ok        orders  backup 20261125T030000Z-0badcafe, 1 200 items, 4.0 KiB, 1m 12s\n"
    )


def test_a_step_that_stopped_waiting_for_aws_has_not_failed() -> None:
    """Exit code 75: the export runs on. JSON says what the step did, and the exit code of its error."""
    error = TimedOut("the export e is still running after --timeout", hint="run `ddbbackup wait` later")
    waiting = Outcome("backup orders", "backup", "orders", "failed", error=error, seconds=90)
    report = run_report(Report("backup", "1", "p", "123456789012", "eu-west-1", START, START, (waiting,)))
    assert text.render(report).startswith("running  backup orders\n  the export e is still running")
    assert "backup p: 1 running in " in text.render(report)
    assert "- **running** backup orders  \n  the export e" in markdown.render(report)
    suite = next(iter(JUnitXml.fromstring(junit.render(report).encode())))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (1, 0, 0, 1)
    assert "still running: the export e is still running after --timeout; hint: run `ddbbackup wait`" in (
        junit.render(report)
    )
    assert github.render(report).startswith("::warning ")
    for form in (text, markdown, github):
        assert "failed" not in form.render(report).lower()


QUIET = View(detail="quiet")


def test_a_quiet_report_says_what_failed() -> None:
    """With the hint, without successes and counts."""
    assert text.render(REPORT, QUIET) == (
        "FAILED  backup a|b\n  point-in-time recovery of `a|b` is off,\n100%\n  hint: set `pitr: enable`\n"
    )


def test_a_quiet_report_of_a_good_run_is_empty() -> None:
    """As a cron job expects it."""
    good = replace(REPORT, outcomes=tuple(each for each in REPORT.outcomes if each.status == "done"))
    assert good.outcomes
    assert text.render(good, QUIET) == ""


@pytest.mark.parametrize("detail", ["quiet", "normal", "verbose"])
def test_problems_of_a_plan_are_always_shown(detail: str) -> None:
    """A valid plan is worth a line, but not a quiet one."""
    view = View(detail=detail)  # type: ignore[arg-type]  # the parameter is a string
    assert text.render(INVALID, view) == text.render(INVALID)
    assert bool(text.render(VALID, view)) is (detail != "quiet")


def test_json_has_the_members_of_the_document_and_a_version() -> None:
    """Times are RFC 3339 in UTC."""
    document = json.loads(json_documents.render(REPORT))
    assert document["format_version"] == 1
    assert (document["started_at"], document["exit_code"]) == ("2026-11-25T03:00:00Z", 3)
    assert document["outcomes"][0]["facts"]["items"] == 1200
    assert document["outcomes"][1]["error"] == {
        "kind": "PitrDisabled",
        "message": "point-in-time recovery of `a|b` is off,\n100%",
        "hint": "set `pitr: enable`",
        "exit_code": 1,
    }


def test_github_gets_an_annotation_for_each_problem_at_its_line() -> None:
    """Properties and text escape differently; a valid plan gets none."""
    first, second = github.render(INVALID).splitlines()
    assert first == (
        "::error file=plans/prod.yaml,line=3,col=5,title=ddbbackup%3A tables[0].rpo::"
        "'a, b: 5%25' is not a duration; hint: write `24h`"
    )
    assert second.startswith("::error file=plans/prod.yaml,line=9,col=1,title=ddbbackup%3A plan::")
    assert github.render(VALID) == ""


def test_github_gets_what_failed_and_one_notice() -> None:
    """Each command is one line, whatever the message holds."""
    failed, skipped, notice = github.render(REPORT).splitlines()
    assert failed == (
        "::error title=ddbbackup%3A backup a|b::point-in-time recovery of `a|b` is off,%0A100%25; "
        "hint: set `pitr: enable`"
    )
    assert skipped.startswith("::warning title=ddbbackup%3A verify a|b::skipped: backup a|b failed")
    assert notice == (
        "::notice title=ddbbackup::backup prod: 1 failed, 1 skipped, 1 ok "
        "(run 4711, account 123456789012, region eu-west-1)"
    )


def test_gitlab_gets_a_code_quality_report() -> None:
    """With GitLab's members, and fingerprints that tell problems apart but do not move with lines."""
    entries = json.loads(gitlab.render(problems(*PROBLEMS, PROBLEMS[0])))
    assert entries[0]["location"] == {"path": "plans/prod.yaml", "lines": {"begin": 3}}
    assert entries[0]["check_name"] == "ddbbackup/bad-value"
    assert entries[0]["severity"] in ("info", "minor", "major", "critical", "blocker")
    assert "tables[0].rpo" in entries[0]["description"]
    assert len({entry["fingerprint"] for entry in entries}) == 3
    moved = replace(PROBLEMS[0], line=44)
    assert json.loads(gitlab.render(problems(moved)))[0]["fingerprint"] == entries[0]["fingerprint"]
    assert json.loads(gitlab.render(VALID)) == []


def test_junit_of_a_run_has_a_case_a_step() -> None:
    """As junitparser, which others wrote, reads it."""
    (suite,) = JUnitXml.fromstring(junit.render(REPORT).encode())
    assert (suite.name, suite.tests, suite.failures, suite.skipped, suite.errors) == (
        "ddbbackup backup prod",
        3,
        1,
        1,
        0,
    )
    failed, skipped, done = list(suite)
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


def test_junit_has_facts_as_json_and_none_that_is_not_known() -> None:
    """CI systems show them to people."""
    facts = {"items": None, "notes": ["it's slow"], "size_bytes": 4096, "method": "write", "known": True}
    report = replace(REPORT, outcomes=(replace(REPORT.outcomes[0], facts=facts),))
    (suite,) = JUnitXml.fromstring(junit.render(report).encode())
    (case,) = suite
    assert case.system_out == 'notes: ["it\'s slow"]\nsize_bytes: 4096\nmethod: write\nknown: true'


def test_junit_of_a_plan_has_a_case_a_problem() -> None:
    """A valid plan is one case that passed."""
    (suite,) = JUnitXml.fromstring(junit.render(INVALID).encode())
    assert (suite.tests, suite.failures) == (2, 2)
    (suite,) = JUnitXml.fromstring(junit.render(VALID).encode())
    assert (suite.tests, suite.failures) == (1, 0)


def test_markdown_is_ready_for_a_comment() -> None:
    """What a message holds is never markup."""
    comment = markdown.render(REPORT)
    assert comment.startswith("### ddbbackup backup prod: 1 failed, 1 skipped, 1 ok\n")
    assert (
        "| ok | backup | `orders` | backup 20261125T030000Z-0badcafe, 1 200 items, 4.0 KiB | 1m 12s |"
        in comment
    )
    assert (
        "- **FAILED** backup a\\|b  \n  point-in-time recovery of `a\\|b` is off, 100%  \n  hint: set `pitr: enable`"
        in comment
    )
    assert "Run `4711`, account `123456789012`, region `eu-west-1`, 1m 15s, exit code 3.\n" in comment
    assert "| `plans/prod.yaml:3:5` | `tables[0].rpo` |" in markdown.render(INVALID)


def test_markdown_mentions_nobody() -> None:
    """GitHub makes mentions and references of the text after Markdown, where a backslash before them is gone."""
    problem = replace(PROBLEMS[0], message="ask @octocat, a@b, #17 or `@octocat`")
    comment = markdown.render(problems(problem))
    assert "ask \\@&#8203;octocat, a\\@&#8203;b, \\#&#8203;17 or `@octocat`" in comment


@pytest.mark.parametrize("form", ["text", "json", "github", "junit", "markdown"])
def test_an_early_failure_has_every_form(form: Form) -> None:
    """The error with its hint, or the problems of an invalid plan."""
    render = renderer(form).render
    denied = render(failure(AccessDenied("no credentials were found", hint="sign in")))
    assert "no credentials were found" in denied
    assert "sign in" in denied
    invalid = PlanInvalid("2 problems", hint="correct the plan", problems=PROBLEMS)
    assert "tables[0].rpo" in render(failure(invalid))


def test_an_early_failure_is_no_code_quality_report() -> None:
    """An empty list would claim that the plan has no problems."""
    assert gitlab.render(failure(AccessDenied("no credentials were found", hint="sign in"))) == ""


@given(st.text(max_size=200))
def test_no_message_breaks_a_form(message: str) -> None:
    """Control characters, markup and line breaks of any message stay inside their place."""
    problem = Problem("p.yaml", 1, 1, "name", "bad-value", message, message)
    (suite,) = JUnitXml.fromstring(junit.render(problems(problem)).encode())
    assert suite.tests == 1
    assert github.render(problems(problem)).count("\n") == 1
    assert "\r" not in github.render(problems(problem))
    assert len(json.loads(gitlab.render(problems(problem)))) == 1
    *_, row, last = markdown.render(problems(problem)).split("\n")
    assert last == ""
    assert row.startswith("| `p.yaml:1:1` | `name` | ")
    assert "<" not in row.replace("\\<", "")


def test_a_backslash_in_a_terraform_value_stays_one() -> None:
    """HCL has no escapes for backspace and form feed, which JSON writes as a backslash and a letter."""
    assert terraform._value("a\\b\b\f\\") == '"a\\\\b\\u0008\\u000c\\\\"'


def test_a_table_that_was_made_equal_is_not_said_to_miss_items() -> None:
    """What `existing: mirror` found missing is written: only that fits into a line of a narrow terminal."""
    facts = {
        "backup": "b",
        "items": 50,
        "missing": 3,
        "changed": 1,
        "extra": 1,
        "written": 4,
        "deleted": 1,
        "kept": 0,
    }
    outcome = Outcome("restore orders", "restore", "orders", "done", facts)
    report = Report("restore", "4711", "prod", "123456789012", "eu-west-1", START, START, (outcome,))
    shown = text.render(run_report(report), View())
    assert "50 items, 4 written (3 were missing, 1 had changed), 1 deleted" in shown
    assert "3 missing" not in shown


def test_exports_that_were_only_started_are_not_taken_for_backups() -> None:
    """`--no-wait`: it says what completes them."""
    outcome = Outcome("backup orders", "backup", "orders", "started", {"backup": "b"})
    report = Report("backup", "4711", "prod", "123456789012", "eu-west-1", START, START, (outcome,))
    shown = text.render(run_report(report), View(plan_files=("eu.yaml",)))
    assert "hint: run `ddbbackup wait -f eu.yaml` later: what was started is no backup before it is" in shown
    assert "ddbbackup wait" not in text.render(REPORT, View())
