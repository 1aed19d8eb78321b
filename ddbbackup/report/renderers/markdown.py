"""Markdown for the comment of a pull request or the summary of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases, standing_phrases
from ddbbackup.report.cells import NOTHING, running_cell, verified_cell
from ddbbackup.report.formatting import count, counted, duration, planned_duration, size
from ddbbackup.report.older_backups import older_backups
from ddbbackup.report.outcome_groups import OutcomeGroup, failed, running, skipped, succeeded
from ddbbackup.report.renderers import markdown_preview
from ddbbackup.report.renderers.markdown_text import COMMENT_CHARACTERS, cut
from ddbbackup.report.renderers.markdown_text import code as _code
from ddbbackup.report.renderers.markdown_text import collapsed as _collapsed
from ddbbackup.report.renderers.markdown_text import plain as _plain
from ddbbackup.report.renderers.markdown_text import table as _table
from ddbbackup.report.settings_groups import settings_of_many

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.failure import ErrorInfo, Failure
    from ddbbackup.report.documents.run_report import RunReport
    from ddbbackup.report.documents.status import StatusReport

_OPEN_ROWS: Final = 20  # more of them are collapsed
_STATUS_COLUMNS: Final = (
    "table",
    "status",
    "last backup",
    "kind",
    "age",
    "RPO",
    "items",
    "size",
    "verified",
    "running",
)


def render(document: Document, characters: int | None = None) -> str:
    """Not longer than ``characters``, by default a comment of GitHub: what failed comes first, so the end is cut."""
    if document.schema == "preview":
        return markdown_preview.preview(document, characters)
    limit = characters or COMMENT_CHARACTERS
    text = _text(document, all_names=True)
    return cut(text if len(text) <= limit else _text(document, all_names=False), limit)


def _text(document: Document, *, all_names: bool) -> str:
    """``all_names``: of tables that failed for the same reason; otherwise some, and their number."""
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "report":
            return _report(document, all_names=all_names)
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


def _report(report: RunReport, *, all_names: bool) -> str:
    """What failed with its hint, the run, then one row for each other step."""
    place = f"account {_code(report.account)}, region {_code(report.region)}"
    end = f"{duration(report.seconds)}, exit code {report.exit_code}"
    totals = phrases.report_totals(report)
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
        *(_group(each, "**FAILED**", all_names=all_names) for each in failed(report)),
        *(
            f"- **older backup** {_plain(sentence)}"
            for sentence, _ in older_backups(report, all_names=all_names)
        ),
        *(_group(each, "**running**", all_names=all_names) for each in running(report)),
        *(_group(each, "skipped", all_names=all_names) for each in skipped(report)),
        f"Run {_code(report.run)}, {place}, {end}."
        + "".join(f" Together {each}." for each in totals)
        + "".join(f" {_plain(each.capitalize())}." for each in phrases.verified_levels(report)),
        "\n".join(f"- {_plain(' '.join(line.split()))}" for line in settings_of_many(succeeded(report))),
        _collapsed(counted(len(rows), "step"), [table.rstrip()]) if len(rows) > _OPEN_ROWS else table,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _group(group: OutcomeGroup, word: str, *, all_names: bool) -> str:
    """What, why, and what to do, each on a line of its own."""
    lines = [f"- {word} {_plain(group.title(all_names=all_names))}", _plain(group.reason)]
    if group.hint is not None:
        lines.append(f"hint: {_plain(group.hint)}")
    return "  \n  ".join(lines)


# ---- status


def _status(document: StatusReport) -> str:
    """The summary first, then the worst tables."""
    several = len(document.plans) > 1
    rows = [
        (
            *([_plain(row.plan)] if several else []),
            _code(row.table),
            row.status if row.status == "ok" else f"**{row.status}**",
            _plain(row.backup or "–"),
            row.kind or "–",
            duration(row.age_seconds),
            planned_duration(row.rpo_seconds),
            count(row.items),
            size(row.size_bytes),
            _dash(_code(verified_cell(row.verified, failed=row.failed_verification))),
            _dash(_plain(running_cell(row.running))),
        )
        for row in document.tables
    ]
    counts = standing_phrases.SEPARATOR.join(text for text, _ in standing_phrases.status_counts(document))
    text = f"### ddbbackup status: {counts}\n\n{_plain(standing_phrases.places(document))}.\n\n"
    for plan in document.plans:
        files = f"{', '.join(plan.files)}: " if several else ""
        text += "".join(
            f"- {_plain(files + error.message)}  \n  hint: {_plain(error.hint)}\n" for error in plan.errors
        )
    remarks = [*standing_phrases.unreadable_tables(document), *standing_phrases.table_remarks(document)]
    text += "".join(f"- {_plain(line)}\n" for line in remarks)
    return text.rstrip("\n") + "\n\n" + _table((*(["plan"] if several else []), *_STATUS_COLUMNS), rows)


def _dash(cell: str) -> str:
    return "–" if cell in (NOTHING, _code(NOTHING)) else cell


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
