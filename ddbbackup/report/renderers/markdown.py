"""Markdown for the comment of a pull request or the summary of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, counted, duration
from ddbbackup.report.outcome_groups import OutcomeGroup, failed, running, skipped, succeeded
from ddbbackup.report.renderers import markdown_preview
from ddbbackup.report.renderers.markdown_text import code as _code
from ddbbackup.report.renderers.markdown_text import collapsed as _collapsed
from ddbbackup.report.renderers.markdown_text import plain as _plain
from ddbbackup.report.renderers.markdown_text import table as _table

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.failure import ErrorInfo, Failure
    from ddbbackup.report.documents.run_report import RunReport
    from ddbbackup.report.documents.status import PlanStatus

_OPEN_ROWS: Final = 20  # more of them are collapsed
_STATUS_COLUMNS: Final = ("table", "status", "last backup", "age", "RPO", "items", "verified", "running")


def render(document: Document, characters: int | None = None) -> str:
    """``characters``: a preview is not longer than this."""
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "preview":
            return markdown_preview.preview(document, characters)
        case "report":
            return _report(document)
        case "status":
            return _status(document)
        case "doctor":
            return _doctor(document)
        case "error":
            return _failure(document)
        case _:
            raise TypeError(f"{document.schema} has no Markdown form")


# ---- plans


def _problems(problems: Sequence[Problem]) -> str:
    """One row for each problem, or one line for a valid plan."""
    if not problems:
        return "### ddbbackup: the plan is valid\n"
    rows = [
        (
            _code(f"{problem.file}:{problem.line}:{problem.column}"),
            _code(problem.path),
            _plain(problem.message),
            _plain(problem.hint),
        )
        for problem in problems
    ]
    return f"### ddbbackup: {counted(len(problems), 'problem')} in the plan\n\n" + _table(
        ("place", "key", "problem", "hint"), rows
    )


def _failure(failure: Failure) -> str:
    return _problems(failure.problems) if failure.problems else _error(failure.error)


def _error(error: ErrorInfo) -> str:
    return f"### ddbbackup failed\n\n{_plain(error.message)}  \nhint: {_plain(error.hint)}\n"


# ---- runs


def _report(report: RunReport) -> str:
    """What failed with its hint, the run, then one row for each other step."""
    place = f"account {_code(report.account)}, region {_code(report.region)}"
    end = f"{duration(report.seconds)}, exit code {report.exit_code}"
    rows = [
        (
            phrases.step_status(outcome),
            outcome.kind,
            _code(outcome.table),
            _plain(", ".join(phrases.outcome_facts(outcome))),
            duration(outcome.seconds) if outcome.status == "done" else "",
        )
        for outcome in succeeded(report)
    ]
    table = _table(("", "step", "table", "", "time"), rows) if rows else ""
    parts = [
        f"### ddbbackup {_plain(phrases.report_summary(report))}",
        *(_group(each, "**FAILED**") for each in failed(report)),
        *(_group(each, "**running**") for each in running(report)),
        *(_group(each, "skipped") for each in skipped(report)),
        f"Run {_code(report.run)}, {place}, {end}.",
        _collapsed(counted(len(rows), "step"), [table.rstrip()]) if len(rows) > _OPEN_ROWS else table,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _group(group: OutcomeGroup, word: str) -> str:
    hint = f"  \nhint: {_plain(group.hint)}" if group.hint is not None else ""
    return f"- {word} {_plain(group.title(all_names=True))}: {_plain(group.reason)}{hint}".replace(
        "\n", "\n  "
    )


# ---- status


def _status(document: PlanStatus) -> str:
    rows = [
        (
            _code(row.table),
            _plain(phrases.table_status(row)),
            _plain(row.backup or "–"),
            duration(row.age_seconds),
            duration(row.rpo_seconds),
            count(row.items),
            phrases.verified(row.verified),
            _plain(phrases.running(row)),
        )
        for row in document.tables
    ]
    late = sum(row.breaks_rpo for row in document.tables)
    summary = (
        f"{count(late)} of {count(len(rows))} tables break their RPO" if late else "every table meets its RPO"
    )
    title = f"### ddbbackup status {_plain(document.plan)}: {summary}\n\n"
    title += f"Account {_code(document.account)}, region {_code(document.region)}.\n\n"
    broken = ((row.table, each.backup, each.reason) for row in document.tables for each in row.not_restorable)
    remarks = "".join(f"- {_plain(line)}\n" for line in phrases.not_restorable(broken))
    errors = "".join(_error(error) for error in document.errors)
    return title + _table(_STATUS_COLUMNS, rows) + (f"\n{remarks}" if remarks else "") + errors


# ---- doctor


def _doctor(report: DoctorReport) -> str:
    rows = [
        (
            f"**{phrases.CHECK_STATE[check.state]}**" if check.state != "ok" else "ok",
            _code(check.subject),
            _plain(check.name),
            _plain(f"{check.message} (hint: {check.hint})" if check.hint else check.message),
        )
        for check in report.checks
    ]
    title = f"### ddbbackup {_plain(phrases.doctor_summary(report))}\n\n"
    return title + _table(("state", "subject", "check", "result"), rows)
