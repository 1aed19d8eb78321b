"""Markdown for the comment of a pull request or the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.change_phrases import change_lines, change_notes, changes_heading, unchanged
from ddbbackup.report.formatting import count, counted, duration, size
from ddbbackup.report.outcome_groups import OutcomeGroup, failed, running, skipped, succeeded

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.failure import ErrorInfo, Failure
    from ddbbackup.report.documents.preview import Preview, PreviewStep
    from ddbbackup.report.documents.run_report import RunReport
    from ddbbackup.report.documents.status import PlanStatus

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~@])")
_OPEN_ROWS: Final = 20  # more of them are collapsed
_STEP_COLUMNS: Final = ("table", "items", "size", "time", "cost", "")
_PRUNE_COLUMNS: Final = ("prune", "restore points", "remove", "size", "")
_STATUS_COLUMNS: Final = ("table", "status", "last backup", "age", "RPO", "items", "verified", "running")


def render(document: Document) -> str:
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "preview":
            return _preview(document)
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


# ---- preview


def _preview(preview: Preview) -> str:
    """Blocked steps first, so that a reviewer sees them; details are collapsed."""
    region = f"region {_code(preview.region)} from {_plain(preview.region_origin)}"
    caller = f"Account {_code(preview.account)}, {region}, as {_code(preview.caller)}."
    parts = [
        f"### ddbbackup {_plain(phrases.preview_summary(preview))}",
        _changes(preview),
        "\n".join(_blockers(preview)),
        _steps("backup", preview.backups),
        _steps("restore", preview.restores),
        _prunes(preview.prunes),
        "\n".join(_remarks(preview)),
        " ".join(map(_plain, phrases.verification_times(preview))),
        " ".join(map(_plain, phrases.cost_estimate(preview))),
        _collapsed("Details", list(_details(preview.steps))),
        _collapsed("Destinations", list(_destinations(preview))),
        caller,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _changes(preview: Preview) -> str:
    """A block of type `diff`, which GitHub and GitLab colour: they know `!`, where the text form has `~`."""
    if preview.against is None:
        return ""
    lines = []
    for line in change_lines(preview):
        lines.append(f"{'!' if line.sign == '~' else line.sign} {line.label}: {line.text}")
        if len(line.names) > 1:
            lines.append(f"      {', '.join(line.names)}")
        lines += [f"      warning: {warning}" for warning in line.warnings]
    block = "```diff\n" + "".join(f"{_one_line(line)}\n" for line in lines) + "```\n\n" if lines else ""
    notes = "".join(f"- note: {_plain(note)}\n" for note in change_notes(preview.against))
    rest = f"{_plain(unchanged(preview.against))}.\n" + (f"\n{notes}" if notes else "")
    return f"**{_plain(changes_heading(preview.against))}**\n\n{block}{rest}"


def _steps(heading: str, steps: Sequence[PreviewStep]) -> str:
    rows = [
        (
            _code(step.step.removeprefix("restore "))
            if step.kind == "restore"
            else _plain(phrases.backup_kind(step)),
            _code(step.table),
            count(step.items),
            size(step.size_bytes),
            phrases.estimated_time(step),
            _plain(phrases.money(step.cost)),
            "**blocked**" if step.blockers else "" if step.changes else "nothing to do",
        )
        for step in steps
    ]
    return _table((heading, *_STEP_COLUMNS), rows) if rows else ""


def _prunes(steps: Sequence[PreviewStep]) -> str:
    rows = [
        (
            _code(step.table),
            count(step.facts.get("restore_points")),
            count(len(step.facts.get("remove", ()))),
            size(step.size_bytes),
            "**blocked**" if step.blockers else "" if step.changes else "nothing to do",
        )
        for step in steps
    ]
    return _table(_PRUNE_COLUMNS, rows) if rows else ""


def _blockers(preview: Preview) -> Iterator[str]:
    for blocker, tables in phrases.blockers(preview):
        yield f"- **blocked** {', '.join(map(_code, tables))}: {_plain(blocker.message)}  "
        yield f"  hint: {_plain(blocker.hint)}"


def _remarks(preview: Preview) -> Iterator[str]:
    for step in preview.steps:
        for note in step.notes:
            yield f"- note: {_code(step.table)}: {_plain(note)}"
    for sentence in (*phrases.unselected_tables(preview), *preview.notes):
        yield f"- {_plain(sentence)}"
    for each in preview.selection:
        if not each.entry.startswith("name:"):
            tables = ", ".join(map(_code, each.tables)) or "no table"
            yield f"- {_code(each.entry)} selects {len(each.tables)}: {tables}"
    for destination in preview.destinations:
        for check in destination.checks:
            if check.state == "warning":
                yield f"- warning: {_plain(check.subject)}: {_plain(check.message)}"


def _details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"- {_plain(step.step)}: {_plain(step.summary)}"
        facts = phrases.prune_lines(step) if step.kind == "prune" else phrases.step_facts(step)
        yield from (f"  - {_plain(fact)}" for fact in facts)


def _destinations(preview: Preview) -> Iterator[str]:
    for destination in preview.destinations:
        for check in destination.checks:
            yield (
                f"- {_plain(check.subject)}: {_plain(check.name)}: **{check.state}**, {_plain(check.message)}"
            )


def _collapsed(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<details><summary>{heading}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


# ---- Markdown itself


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """``heads`` and ``rows`` are Markdown already: see ``_plain`` and ``_code``."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _plain(text: str) -> str:
    """Escaped text on one line; words in backticks stay code."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return "".join(
        _code(part) if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts)
    )


def _one_line(text: str) -> str:
    """Inside a block of code, which a fence would end."""
    return " ".join(text.split("\n")).replace("`", "'")


def _code(text: str) -> str:
    """Text as code on one line, also inside a table."""
    code = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{code}`" if code else ""
