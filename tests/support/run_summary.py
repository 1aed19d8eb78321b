"""The summary of one run, for tests of notifications and metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ddbbackup.errors import PitrDisabled
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import TableStatus
from ddbbackup.report.run_summary import RunSummary

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
END = START + timedelta(seconds=75)
OUTCOMES = (
    Outcome("backup orders", "backup", "orders", "done", {"items": 1200, "size_bytes": 4096}, seconds=70.5),
    Outcome(
        "backup <users>",
        "backup",
        "<users>",
        "failed",
        error=PitrDisabled("PITR of <users> is off", hint="set `pitr: enable`"),
        seconds=0.5,
    ),
)
TABLES = (
    TableStatus(
        "orders",
        "ok",
        backup="20261125T030000Z-0badcafe",
        export_time=START,
        age_seconds=75,
        rpo_seconds=3600,
        items=1200,
        size_bytes=4096,
        completed_at=END,
        seconds=74.5,
    ),
    TableStatus("users", "never", rpo_seconds=60),
    TableStatus("logs", "never"),
)


def run_summary(**changes: Any) -> RunSummary:
    """A backup of which one table failed; ``changes`` replace fields."""
    report = Report("backup", "4711", "prod", "123456789012", "eu-west-1", START, END, OUTCOMES)
    members: dict[str, Any] = {
        "plan": "prod",
        "verb": "backup",
        "run": "4711",
        "started_at": START,
        "ended_at": END,
        "exit_code": 3,
        "account": "123456789012",
        "region": "eu-west-1",
        "conditions": frozenset(("always", "partial", "stale")),
        "report": report,
        "tables": TABLES,
    }
    return RunSummary(**(members | changes))
