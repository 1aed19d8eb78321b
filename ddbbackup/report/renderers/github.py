"""GitHub's workflow commands: annotations at a line of a file (GitHub guide: Workflow commands)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem


def problems(found: Sequence[Problem]) -> str:
    """One annotation a problem; nothing for a valid plan."""
    return "".join(
        _command(
            "error",
            f"{problem.message}; hint: {problem.hint}",
            file=problem.file,
            line=str(problem.line),
            col=str(problem.column),
            title=f"ddbbackup: {problem.path or 'plan'}",
        )
        for problem in found
    )


def outcomes(report: Report) -> str:
    """One annotation a step that failed or was skipped, and a notice that sums up."""
    from ddbbackup.report.renderers.text import summary  # noqa: PLC0415 - `validate` needs no more than problems

    lines = []
    for outcome in report.outcomes:
        title = f"ddbbackup: {outcome.step}"
        if outcome.error is not None:
            lines.append(
                _command("error", f"{outcome.error.message}; hint: {outcome.error.hint}", title=title)
            )
        elif outcome.status == "skipped":
            lines.append(_command("warning", f"skipped: {outcome.facts.get('because')} failed", title=title))
    return "".join([*lines, _command("notice", f"{summary(report)} (run {report.run})", title="ddbbackup")])


def failure(error: DdbBackupError) -> str:
    """The problems of an invalid plan, or the one error."""
    found = getattr(error, "problems", ())
    return (
        problems(found)
        if found
        else _command("error", f"{error.message}; hint: {error.hint}", title="ddbbackup")
    )


def _command(level: str, text: str, **properties: str) -> str:
    """Values and text escape differently."""
    spelled = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties.items())
    return f"::{level} {spelled}::{_escape(text)}\n"


def _escape(text: str, more: str = "") -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
