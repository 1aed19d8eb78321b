"""GitHub's workflow commands: annotations at a line of a file (GitHub guide: Workflow commands)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ddbbackup.report.older_backups import older_backups
from ddbbackup.report.outcome_groups import OutcomeGroup, failed, running, skipped
from ddbbackup.report.phrases import place_of_run, report_summary

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.documents.run_report import RunReport


def render(document: Document) -> str:
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "report":
            return _report(document)
        case "error":
            return _failure(document)
        case _:
            raise TypeError(f"{document.schema} has no GitHub form")


def _problems(problems: Sequence[Problem]) -> str:
    """One annotation for each problem; nothing for a valid plan."""
    return "".join(
        _command(
            "error",
            f"{problem.message}; hint: {problem.hint}",
            file=problem.file,
            line=str(problem.line),
            col=str(problem.column),
            title=f"ddbbackup: {problem.path or 'plan'}",
        )
        for problem in problems
    )


def _report(report: RunReport) -> str:
    """An error for each reason to fail, a warning for what goes on in AWS or is skipped, and the summary.

    GitHub shows ten annotations of each level for a step (GitHub guide: Workflow commands), so steps that failed for
    the same reason share one.
    """
    levels = (("error", failed(report)), ("warning", running(report)), ("warning", skipped(report)))
    lines = [_group(level, group) for level, groups in levels for group in groups]
    lines += [
        _command("warning", sentence, title="ddbbackup: older backup")
        for sentence, _ in older_backups(report, all_names=False)
    ]
    summary = f"{report_summary(report)} ({place_of_run(report)})"
    return "".join([*lines, _command("notice", summary, title="ddbbackup")])


def _group(level: str, group: OutcomeGroup) -> str:
    text = f"{group.reason}; hint: {group.hint}" if group.hint is not None else f"skipped: {group.reason}"
    return _command(level, text, title=f"ddbbackup: {group.title(all_names=False)}")


def _failure(failure: Failure) -> str:
    if failure.problems:
        return _problems(failure.problems)
    return _command("error", f"{failure.error.message}; hint: {failure.error.hint}", title="ddbbackup")


def _command(level: str, text: str, **properties: str) -> str:
    """Properties and text have different escapes."""
    escaped = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties.items())
    return f"::{level} {escaped}::{_escape(text)}\n"


def _escape(text: str, more: str = "") -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
