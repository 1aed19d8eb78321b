"""For people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.documents import settings
from ddbbackup.report.formatting import count, duration, size

if TYPE_CHECKING:
    from ddbbackup.model.outcome import Outcome
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem

SIGNS: Final = {
    "done": "ok",
    "started": "started",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "failed": "FAILED",
}


def problems(found: Sequence[Problem]) -> str:
    """Two lines a problem: where and what, then what to do."""
    return "".join(_problem(problem) for problem in found)


def outcomes(report: Report) -> str:
    """One line a step, what failed with its hint, and one line for all."""
    lines = []
    for outcome in report.outcomes:
        lines.append(_line(outcome))
        lines += [f"  {line}" for line in settings.told(outcome.facts.get("settings", ()))]
    for outcome in report.outcomes:
        if outcome.error is not None:
            lines += ["", f"{outcome.step}: {outcome.error.message}", f"hint: {outcome.error.hint}"]
    lines += [""] * bool(lines)
    lines += [f"{summary(report)} in {duration(report.seconds)} (run {report.run})"]
    return "\n".join(lines) + "\n"


def summary(report: Report) -> str:
    """``backup prod: 3 ok, 1 failed``."""
    counts = {status: sum(o.status == status for o in report.outcomes) for status in SIGNS}
    parts = [f"{number} {SIGNS[status].lower()}" for status, number in counts.items() if number]
    return f"{report.verb} {report.plan}: {', '.join(parts) or 'nothing is in progress'}"


def facts(outcome: Outcome) -> list[str]:
    """What is worth saying of an outcome besides its status: counts, sizes, notes."""
    said: list[str] = []
    for name, value in outcome.facts.items():
        if value is None:
            continue
        if name in ("items", "written", "kept", "rejected", "files"):
            said.append(f"{count(value)} {name}" if name != "files" else f"{count(value)} data files")
        elif name == "size_bytes":
            said.append(size(value))
        elif name == "backup":
            said.append(f"backup {value}")
        elif name == "method" and value != "write":
            said.append(f"by {value}")
        elif name == "notes" and value:
            said.append("; ".join(value))
        elif name == "settings":
            said += settings.summed_up(value)
        elif name == "settings_not_read":
            said.append("settings not read: " + ", ".join(value))
        elif name == "because":
            said.append(f"because {value} failed")
    return said


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart."""
    widths = [max(len(head), *(len(row[i]) for row in rows), 0) for i, head in enumerate(heads)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in (heads, *rows)
    )


def _problem(problem: Problem) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    path = f" {problem.path}:" if problem.path else ""
    return f"{place}:{path} {problem.message}\n  hint: {problem.hint}\n"


def _line(outcome: Outcome) -> str:
    verb = f"{SIGNS[outcome.status]:<9} {outcome.kind:<8} {outcome.table}"
    spent = [duration(outcome.seconds)] if outcome.status in ("done", "failed") else []
    return "  ".join([verb, ", ".join([*facts(outcome), *spent])]).rstrip()
