"""For programs: documents that the schemas in ``schemas/`` promise. Readers ignore members they do not know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.outcome import Outcome
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem

FORMAT_VERSION: Final = 1


def document(**members: Any) -> str:
    """``{"format_version": 1, …}`` and a newline."""
    return json.dumps({"format_version": FORMAT_VERSION, **members}, indent=2, ensure_ascii=False) + "\n"


def problems(found: Sequence[Problem]) -> str:
    """By ``schemas/problems.schema.json``."""
    return document(problems=[asdict(problem) for problem in found])


def outcomes(report: Report) -> str:
    """By ``schemas/report.schema.json``."""
    return document(**members(report))


def members(report: Report) -> Mapping[str, Any]:
    return {
        "verb": report.verb,
        "run": report.run,
        "plan": report.plan,
        "started_at": to_iso(report.started_at),
        "ended_at": to_iso(report.ended_at),
        "exit_code": report.exit_code,
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
    }


def failure(error: DdbBackupError) -> str:
    """By ``schemas/error.schema.json``; an invalid plan's error carries its problems."""
    found = getattr(error, "problems", ())
    return document(error=error_of(error), problems=[asdict(problem) for problem in found])


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "step": outcome.step,
        "kind": outcome.kind,
        "table": outcome.table,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "facts": dict(outcome.facts),
        "error": error_of(outcome.error) if outcome.error is not None else None,
    }


def error_of(error: DdbBackupError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }
