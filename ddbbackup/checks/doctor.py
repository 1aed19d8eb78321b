"""All checks of ``doctor``, in the order in which they depend on each other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from ddbbackup.catalog.queries import tables_with_records
from ddbbackup.checks.archived import check_archived
from ddbbackup.checks.check import ok, problem, run_check
from ddbbackup.checks.clock import check_clock
from ddbbackup.checks.destination import check_destination
from ddbbackup.checks.quotas import check_exports
from ddbbackup.checks.tables import check_table
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.model.progress import Progress
from ddbbackup.plan.model import Plan, Restore, TableEntry
from ddbbackup.plan.only import Only, wants
from ddbbackup.plan.selection import select
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.rate_limits import pace_of_checks
from ddbbackup.steps.target_place import target_place

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission("dynamodb:ListExports", "everything", ("read",)),
)


async def run_checks(context: RunContext, *, only: Only = ()) -> tuple[Check, ...]:
    """The results of all checks. Without credentials, nothing else is checked."""
    plan, cloud = context.plan, context.source
    try:
        identity = await context.call(lambda: cloud.identity)
    except DdbBackupError as error:
        return (
            problem("credentials", "identity", error),
            Check("everything else", "", "unknown", "not checked: no usable credentials"),
        )
    results = [
        ok("credentials", "identity", identity.arn),
        ok("credentials", "account", _account(plan, identity.account)),
        ok("credentials", "region", f"{identity.region}, from {identity.region_origin}"),
        await context.call(run_check, "clock", "skew", lambda: check_clock(cloud, context.clock)),
    ]
    checks, tables = await _tables(context, only)
    results += checks
    for name in _destinations(plan):
        results += await context.call(check_destination, cloud, plan.destinations[name])
    if plan.destinations:
        results.append(
            await context.call(
                check_archived,
                cloud.objects,
                lambda: tuple(
                    each
                    for each in tables_with_records(context.catalog, plan, identity)
                    if wants(only, each.table)
                ),
            )
        )
    results.append(await check_exports(AwsCaller(context, cloud), tables))
    for restore in plan.restores.values():
        results += await context.call(_target, cloud, restore)
    return tuple(results)


def _account(plan: Plan, account: str) -> str:
    if plan.aws.account is not None:
        return f"{account}, as in the plan"
    return f"{account}; the plan runs in any account unless `aws.account` is set"


async def _tables(context: RunContext, only: Only) -> tuple[Sequence[Check], tuple[str, ...]]:
    """The checks of the tables that the plan selects, and their names."""
    plan = context.plan
    if not plan.tables:
        return (), ()
    try:
        selection = select(plan, await take_inventory(context, only=only), only=only)
    except DdbBackupError as error:
        return (problem("tables", "selection", error),), ()
    failures = [
        problem(f"tables[{entry.position}]", "selection", error) for entry, error in selection.failures
    ]
    checks = await _check_tables(context, selection.chosen)
    return (*failures, *checks), tuple(selection.chosen)


async def _check_tables(context: RunContext, chosen: Mapping[str, TableEntry]) -> tuple[Check, ...]:
    call_aws, pace = AwsCaller(context, context.source), pace_of_checks(len(chosen))
    checked = 0

    async def check(name: str, entry: TableEntry) -> tuple[Check, ...]:
        nonlocal checked
        found = await check_table(call_aws, name, entry)
        checked += 1
        context.on_progress(Progress("", "assess", checked, len(chosen), "tables", reason=pace))
        return found

    results = await asyncio.gather(*(check(*pair) for pair in chosen.items()))
    return tuple(each for many in results for each in many)


def _destinations(plan: Plan) -> tuple[str, ...]:
    """The destinations that tables or restores use, in the order of the plan."""
    used = {entry.destination for entry in plan.tables}
    used |= {restore.destination for restore in plan.restores.values() if restore.destination is not None}
    return tuple(name for name in plan.destinations if name in used)


def _target(cloud: Cloud, restore: Restore) -> Sequence[Check]:
    """Whether ddbbackup has access to the account, the role and the region of a restore's target. Blocks."""
    to = restore.target
    if (to.region, to.account, to.assume_role) == (None, None, None):
        return ()

    def check() -> Check:
        identity = cloud.at(target_place(restore)).identity
        return ok(f"restore {restore.name}", "target", f"{identity.arn} in {identity.region}")

    return (run_check(f"restore {restore.name}", "target", check, essential=True),)
