"""The report of a run, and the notification of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import duration
from ddbbackup.report.renderers.text.style import Style, hint, paint

if TYPE_CHECKING:
    from ddbbackup.report.documents.notification import RunNotification
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome
    from ddbbackup.report.renderers.view import View

_STYLES: Final[dict[str, Style]] = {"ok": "ok", "FAILED": "failed", "running": "running", "skipped": "stale"}


def report(document: RunReport, view: View) -> str:
    """One line for each step, the errors with their hints, and a summary. ``quiet``: only the errors."""
    if view.detail == "quiet":
        return "\n".join("\n".join(each) + "\n" for each in _errors(document, view))
    lines = []
    for outcome in document.outcomes:
        lines.append(_outcome(outcome, view))
        lines += [f"  {line}" for line in phrases.settings_lines(outcome.facts.get("settings", ()))]
    for error in _errors(document, view):
        lines += ["", *error]
    lines += [""] * bool(lines)
    summary = phrases.report_summary(document)
    lines += [f"{summary} in {duration(document.seconds)} ({phrases.place_of_run(document)})"]
    return "\n".join(lines) + "\n"


def _errors(document: RunReport, view: View) -> Iterator[list[str]]:
    for outcome in document.outcomes:
        if outcome.error is not None:
            message = paint(f"{outcome.step}: {outcome.error.message}", "error", view)
            yield [message, hint(outcome.error.hint, view)]


def notification(document: RunNotification, view: View) -> str:
    """The report, the error with its hint, and the tables that break their RPO."""
    parts = [report(document.report, view)] if document.report is not None else []
    if document.error is not None:
        parts.append(f"{document.error.message}\n{hint(document.error.hint, view)}\n")
    parts += [f"{phrases.rpo_breach(table)}\n" for table in document.tables if table.breaks_rpo]
    if document.report is None:
        parts.append(f"{phrases.place_of_run(document)}\n")
    return "\n".join(parts)


def _outcome(outcome: StepOutcome, view: View) -> str:
    status = phrases.step_status(outcome)
    step = f"{paint(f'{status:<9}', _STYLES.get(status), view)} {outcome.kind:<8} {outcome.table}"
    seconds = [duration(outcome.seconds)] if outcome.status in ("done", "failed") else []
    return "  ".join([step, ", ".join([*phrases.outcome_facts(outcome), *seconds])]).rstrip()
