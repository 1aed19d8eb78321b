"""The whole examination, in the order in which one thing rests on another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ddbbackup.checks import check_destination
from ddbbackup.checks.check import attempt, ok, problem
from ddbbackup.checks.clock import check_clock
from ddbbackup.checks.quotas import check_exports
from ddbbackup.checks.tables import check_table
from ddbbackup.clock import Clock
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Plan, Restore, TableEntry
from ddbbackup.plan.selection import select
from ddbbackup.ports import Cloud
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.permissions import Permission
from ddbbackup.steps.target_place import place_of

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission("dynamodb:ListExports", "everything", ("read",)),
)
_AT_A_TIME: Final = 4  # DescribeContinuousBackups may be called ten times a second (botocore's model)


def examine(plan: Plan, cloud: Cloud, clock: Clock, *, only: str | None = None) -> tuple[Check, ...]:
    """One finding after the other. Without credentials nothing else can be looked at. Blocks."""
    return tuple(_all(plan, cloud, clock, only))


def _all(plan: Plan, cloud: Cloud, clock: Clock, only: str | None) -> Iterator[Check]:
    try:
        identity = cloud.identity
    except DdbBackupError as error:
        yield problem("credentials", "identity", error)
        yield Check("everything else", "", "unknown", "nothing can be looked at without credentials")
        return
    yield ok("credentials", "identity", identity.arn)
    yield ok("credentials", "account", _account(plan, identity.account))
    yield ok("credentials", "region", identity.region)
    yield attempt("clock", "skew", lambda: check_clock(cloud, clock))
    yield from _tables(plan, cloud, clock, only)
    for name in _destinations(plan):
        yield from check_destination(cloud, plan.destinations[name])
    yield attempt("quotas", "exports", lambda: check_exports(cloud, clock))
    for restore in plan.restores.values():
        yield from _elsewhere(cloud, restore)


def _account(plan: Plan, account: str) -> str:
    if plan.aws.account is not None:
        return f"{account}, which is the plan's"
    return f"{account}; the plan runs in any account (`aws.account` would hold it to one)"


def _tables(plan: Plan, cloud: Cloud, clock: Clock, only: str | None) -> Iterator[Check]:
    if not plan.tables:
        return
    try:
        selection = select(plan, take_inventory(plan, cloud, clock), only=only)
    except DdbBackupError as error:
        yield problem("tables", "selection", error)
        return
    for entry, failure in selection.failures:
        yield problem(f"tables[{entry.position}]", "selection", failure)
    yield from _each_table(selection.chosen, cloud, clock)


def _each_table(chosen: Mapping[str, TableEntry], cloud: Cloud, clock: Clock) -> Iterator[Check]:
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="doctor") as pool:
        for found in pool.map(lambda pair: check_table(cloud, clock, *pair), chosen.items()):
            yield from found


def _destinations(plan: Plan) -> tuple[str, ...]:
    """Those that tables or restores use, in the plan's order."""
    used = {entry.destination for entry in plan.tables}
    used |= {restore.destination for restore in plan.restores.values() if restore.destination is not None}
    return tuple(name for name in plan.destinations if name in used)


def _elsewhere(cloud: Cloud, restore: Restore) -> Iterator[Check]:
    """Whether the account, role and region of a restore's target can be reached."""
    to = restore.target
    if (to.region, to.account, to.assume_role) == (None, None, None):
        return

    def look() -> Check:
        identity = cloud.at(place_of(restore)).identity
        return ok(f"restore {restore.name}", "target", f"{identity.arn} in {identity.region}")

    yield attempt(f"restore {restore.name}", "target", look, essential=True)
