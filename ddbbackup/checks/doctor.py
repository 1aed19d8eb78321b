"""The whole examination, in the order in which one thing rests on another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from ddbbackup.checks import check_destination
from ddbbackup.checks.check import attempt, ok, problem
from ddbbackup.checks.clock import check_clock
from ddbbackup.checks.quotas import check_exports
from ddbbackup.checks.tables import check_table
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.selection import select
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.target_place import target_place

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission("dynamodb:ListExports", "everything", ("read",)),
)


async def examine(context: RunContext, *, only: str | None = None) -> tuple[Check, ...]:
    """One finding after the other. Without credentials nothing else can be looked at."""
    plan, cloud = context.plan, context.source
    try:
        identity = await context.call(lambda: cloud.identity)
    except DdbBackupError as error:
        nothing_else = "nothing can be looked at without credentials"
        return (
            problem("credentials", "identity", error),
            Check("everything else", "", "unknown", nothing_else),
        )
    found = [
        ok("credentials", "identity", identity.arn),
        ok("credentials", "account", _account(plan, identity.account)),
        ok("credentials", "region", identity.region),
        await context.call(attempt, "clock", "skew", lambda: check_clock(cloud, context.clock)),
    ]
    found += await _tables(context, only)
    for name in _destinations(plan):
        found += await context.call(check_destination, cloud, plan.destinations[name])
    found.append(
        await context.call(attempt, "quotas", "exports", lambda: check_exports(cloud, context.clock))
    )
    for restore in plan.restores.values():
        found += await context.call(_elsewhere, cloud, restore)
    return tuple(found)


def _account(plan: Plan, account: str) -> str:
    if plan.aws.account is not None:
        return f"{account}, which is the plan's"
    return f"{account}; the plan runs in any account (`aws.account` would hold it to one)"


async def _tables(context: RunContext, only: str | None) -> Sequence[Check]:
    plan = context.plan
    if not plan.tables:
        return ()
    try:
        selection = select(plan, await take_inventory(context), only=only)
    except DdbBackupError as error:
        return (problem("tables", "selection", error),)
    failures = [
        problem(f"tables[{entry.position}]", "selection", error) for entry, error in selection.failures
    ]
    ask = AwsCaller(context, context.source)
    checked = await asyncio.gather(*(check_table(ask, *pair) for pair in selection.chosen.items()))
    return (*failures, *(check for checks in checked for check in checks))


def _destinations(plan: Plan) -> tuple[str, ...]:
    """Those that tables or restores use, in the plan's order."""
    used = {entry.destination for entry in plan.tables}
    used |= {restore.destination for restore in plan.restores.values() if restore.destination is not None}
    return tuple(name for name in plan.destinations if name in used)


def _elsewhere(cloud: Cloud, restore: Restore) -> Sequence[Check]:
    """Whether the account, role and region of a restore's target can be reached."""
    to = restore.target
    if (to.region, to.account, to.assume_role) == (None, None, None):
        return ()

    def look() -> Check:
        identity = cloud.at(target_place(restore)).identity
        return ok(f"restore {restore.name}", "target", f"{identity.arn} in {identity.region}")

    return (attempt(f"restore {restore.name}", "target", look, essential=True),)
