"""One table that the plan backs up: there, and with point-in-time recovery as the plan needs it."""

from __future__ import annotations

from ddbbackup.checks.check import attempt, ok, problem, warning
from ddbbackup.clock import Clock
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.plan.model import TableEntry
from ddbbackup.ports import Cloud
from ddbbackup.steps.recovery_window import pitr_is_off
from ddbbackup.steps.retry import patiently
from ddbbackup.times import to_iso


def check_table(cloud: Cloud, clock: Clock, name: str, entry: TableEntry) -> tuple[Check, ...]:
    subject = f"table {name}"
    try:
        facts = patiently(cloud.tables.describe, name, clock)
    except DdbBackupError as error:
        return (problem(subject, "table", error),)
    return (
        ok(subject, "table", f"{facts.status}, about {facts.item_count} items"),
        attempt(subject, "recovery", lambda: _recovery(cloud, clock, name, entry)),
    )


def _recovery(cloud: Cloud, clock: Clock, name: str, entry: TableEntry) -> Check:
    subject = f"table {name}"
    window = patiently(cloud.tables.pitr, name, clock)
    if window.enabled:
        days = f", {window.period_days} days kept" if window.period_days else ""
        return ok(subject, "recovery", f"on, from {to_iso(window.earliest)} to {to_iso(window.latest)}{days}")
    if entry.pitr == "enable":
        return warning(
            subject,
            "recovery",
            "off; the next backup turns it on, as the plan says, and AWS bills it by the table's size",
            "turn it on now if restores to any moment should be possible from now on",
        )
    return problem(subject, "recovery", pitr_is_off(name))
