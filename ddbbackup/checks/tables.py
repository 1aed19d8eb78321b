"""A table that the plan backs up: whether it exists, and has the point-in-time recovery that the plan needs."""

from __future__ import annotations

from datetime import timedelta

from ddbbackup.checks.check import ok, problem, warning
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.model.numbers import counted
from ddbbackup.plan.model import TableEntry
from ddbbackup.ports import PitrWindow
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.recovery_window import pitr_disabled
from ddbbackup.times import to_iso


async def check_table(call_aws: AwsCaller, name: str, entry: TableEntry) -> tuple[Check, ...]:
    subject = f"table {name}"
    try:
        facts = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(name))
    except DdbBackupError as error:
        return (problem(subject, "table", error),)
    return (
        ok(subject, "table", f"{facts.status}, about {counted(facts.item_count, 'item')}"),
        await _recovery(call_aws, name, entry),
    )


async def _recovery(call_aws: AwsCaller, name: str, entry: TableEntry) -> Check:
    subject = f"table {name}"
    if entry.method == "snapshot":
        return ok(subject, "recovery", "not needed by `method: snapshot`")
    try:
        window = await call_aws("DescribeContinuousBackups", lambda cloud: cloud.tables.pitr(name))
    except DdbBackupError as error:
        return Check(subject, "recovery", "unknown", error.message, error.hint)
    if window.enabled:
        period = f" (period: {window.period_days} days)" if window.period_days else ""
        return ok(subject, "recovery", f"enabled{_reach(window)}{period}")
    if entry.pitr == "enable":
        return warning(
            subject,
            "recovery",
            "disabled; the plan has `pitr: enable`, so the next backup enables it, and AWS bills it by the size of "
            "the table",
            "enable it now if you need restore points from now on",
        )
    return problem(subject, "recovery", pitr_disabled(name))


def _reach(window: PitrWindow) -> str:
    """The instants that can be restored, in whole seconds, as people type them."""
    if window.earliest is None or window.latest is None:
        return ""
    first = window.earliest.replace(microsecond=0) + timedelta(seconds=bool(window.earliest.microsecond))
    return f", from {to_iso(first)} to {to_iso(window.latest.replace(microsecond=0))}"
