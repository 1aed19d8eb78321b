"""The report of a run, as text for people and as JSON for pipelines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddbbackup.report.exit_code import exit_code
from ddbbackup.report.units import count, duration, size
from ddbbackup.steps.step import Outcome
from ddbbackup.times import to_iso

FORMAT_VERSION = 1
_SIGNS = {
    "done": "ok",
    "started": "started",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "failed": "FAILED",
}


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one run."""

    verb: str
    run: str
    plan: str
    started_at: datetime
    ended_at: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        return exit_code(self.outcomes)


def to_json(report: Report) -> str:
    """One document that ``schemas/report.schema.json`` describes."""
    return json.dumps(
        {
            "format_version": FORMAT_VERSION,
            "verb": report.verb,
            "run": report.run,
            "plan": report.plan,
            "started_at": to_iso(report.started_at),
            "ended_at": to_iso(report.ended_at),
            "exit_code": report.exit_code,
            "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        },
        indent=2,
        ensure_ascii=False,
    )


def to_text(report: Report) -> str:
    """One line a step, what failed with its hint, and one line for all."""
    lines = [_line(outcome) for outcome in report.outcomes]
    for outcome in report.outcomes:
        if outcome.error is not None:
            lines += ["", f"{outcome.step}: {outcome.error.message}", f"hint: {outcome.error.hint}"]
    lines += ["", _summary(report)]
    return "\n".join(lines) + "\n"


def _outcome(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "step": outcome.step,
        "kind": outcome.kind,
        "table": outcome.table,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "facts": dict(outcome.facts),
        "error": error
        and {
            "kind": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        },
    }


def _line(outcome: Outcome) -> str:
    facts: list[str] = []
    for name, value in outcome.facts.items():
        if name in ("items", "written", "kept", "rejected", "files"):
            facts.append(f"{count(value)} {name}" if name != "files" else f"{count(value)} data files")
        elif name == "size_bytes":
            facts.append(size(value))
        elif name == "backup":
            facts.append(f"backup {value}")
        elif name == "notes" and value:
            facts.append("; ".join(value))
        elif name == "not_put_back":
            facts.append("not put back: " + ", ".join(value))
        elif name == "because":
            facts.append(f"because {value} failed")
    verb = f"{_SIGNS[outcome.status]:<9} {outcome.kind:<8} {outcome.table}"
    spent = [duration(outcome.seconds)] if outcome.status in ("done", "failed") else []
    return "  ".join([verb, ", ".join([*facts, *spent])]).rstrip()


def _summary(report: Report) -> str:
    counts = {status: sum(o.status == status for o in report.outcomes) for status in _SIGNS}
    parts = [f"{number} {_SIGNS[status].lower()}" for status, number in counts.items() if number]
    spent = duration((report.ended_at - report.started_at).total_seconds())
    return f"{report.verb} {report.plan}: {', '.join(parts)} in {spent} (run {report.run})"
