"""Outcomes of a backup of many tables, and the report of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ddbbackup.errors import PitrDisabled
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.report.documents.run_report import RunReport, run_report

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def report_of(outcomes: Iterable[Outcome]) -> RunReport:
    end = START + timedelta(seconds=75)
    return run_report(
        Report("backup", "4711", "prod", "123456789012", "eu-west-1", START, end, tuple(outcomes))
    )


def ok(table: str) -> Outcome:
    return Outcome(f"backup {table}", "backup", table, "done", {"items": 5, "size_bytes": 99}, seconds=3)


def pitr_off(table: str) -> Outcome:
    error = PitrDisabled(
        f"point-in-time recovery of {table} is off", hint=f"enable it, or set `pitr: enable` for {table}"
    )
    return Outcome(f"backup {table}", "backup", table, "failed", error=error)
