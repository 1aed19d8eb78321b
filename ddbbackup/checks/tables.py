"""One table that the plan backs up: there, and with point-in-time recovery as the plan needs it."""

from __future__ import annotations

from ddbbackup.checks.check import ok, problem, warning
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.plan.model import TableEntry
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.recovery_window import pitr_disabled
from ddbbackup.times import to_iso


async def check_table(ask: AwsCaller, name: str, entry: TableEntry) -> tuple[Check, ...]:
    subject = f"table {name}"
    try:
        facts = await ask("DescribeTable", lambda cloud: cloud.tables.describe(name))
    except DdbBackupError as error:
        return (problem(subject, "table", error),)
    return (
        ok(subject, "table", f"{facts.status}, about {facts.item_count} items"),
        await _recovery(ask, name, entry),
    )


async def _recovery(ask: AwsCaller, name: str, entry: TableEntry) -> Check:
    subject = f"table {name}"
    try:
        window = await ask("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(name))
    except DdbBackupError as error:
        return Check(subject, "recovery", "unknown", error.message, error.hint)
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
    return problem(subject, "recovery", pitr_disabled(name))
