"""Markdown for a pull request's comment or a job's summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import duration

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~@])")


def problems(found: Sequence[Problem]) -> str:
    """A row a problem, or one line for a valid plan."""
    if not found:
        return "### ddbbackup: the plan is valid\n"
    number = f"{len(found)} problem" + ("s" if len(found) != 1 else "")
    rows = [
        (
            code(f"{problem.file}:{problem.line}:{problem.column}"),
            code(problem.path),
            plain(problem.message),
            plain(problem.hint),
        )
        for problem in found
    ]
    return f"### ddbbackup: {number} in the plan\n\n" + table(("place", "key", "problem", "hint"), rows)


def outcomes(report: Report) -> str:
    """A row a step; what failed again below, with its hint."""
    from ddbbackup.report.renderers.text import SIGNS, facts, summary  # noqa: PLC0415 - `validate` needs no more than problems

    rows = [
        (
            SIGNS[outcome.status],
            outcome.kind,
            code(outcome.table),
            plain(", ".join(facts(outcome))),
            duration(outcome.seconds) if outcome.status in ("done", "failed") else "",
        )
        for outcome in report.outcomes
    ]
    text = f"### ddbbackup {plain(summary(report))}\n"
    if rows:
        text += "\n" + table(("", "step", "table", "", "time"), rows)
    for outcome in report.outcomes:
        if outcome.error is not None:
            error = outcome.error
            text += f"\n**{plain(outcome.step)}**: {plain(error.message)}  \nhint: {plain(error.hint)}\n"
    return f"{text}\nRun {code(report.run)}, {duration(report.seconds)}, exit code {report.exit_code}.\n"


def failure(error: DdbBackupError) -> str:
    """The error with its hint, or the problems of an invalid plan."""
    found = getattr(error, "problems", ())
    if found:
        return problems(found)
    return f"### ddbbackup failed\n\n{plain(error.message)}  \nhint: {plain(error.hint)}\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already: see ``plain`` and ``code``."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def plain(text: str) -> str:
    """Text that means nothing to Markdown, on one line; `words in backticks` stay code."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return "".join(
        code(part) if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts)
    )


def code(text: str) -> str:
    """As code, on one line, also within a table."""
    shown = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""
