"""The tables of an account, for ``init --from-account``. Only reads, with the credentials of the environment."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Final

from ddbbackup.cli import logs
from ddbbackup.cli.event_loop import run_interruptibly
from ddbbackup.cli.progress_display import progress_display
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.cli.session import connect_to, open_context
from ddbbackup.clock import SystemClock
from ddbbackup.errors import AccessDenied, NothingSelected, NotSupported, TableMissing
from ddbbackup.plan.account_plan import FoundTable, FoundTables
from ddbbackup.plan.model import AwsSettings, Plan, TableEntry
from ddbbackup.plan.selection import select
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import read_for_each, take_inventory

_NAME: Final = "init"


def find_tables(options: Namespace, *, tags: Mapping[str, str], match: str | None) -> FoundTables:
    """The tables of the account and Region of the environment, sorted by name.

    Raises ``NothingSelected`` if there is none, ``AccessDenied`` and ``Unreachable``.
    """
    entry = TableEntry(0, "", match=match or (None if tags else "*"), tags=tags or None)
    plan = Plan(_NAME, "", AwsSettings(), {}, (entry,), {})
    clock = SystemClock()
    run_id = choose_run_id(None, os.environ, clock.now())
    logs.configure_for(options, run=run_id, plan=_NAME)
    cloud = connect_to(plan)
    identity = cloud.identity
    with (
        progress_display(options) as display,
        open_context(
            options, plan, cloud, display, run_id=run_id, clock=clock, started_at=clock.now(), estimating=True
        ) as context,
    ):
        tables = run_interruptibly(_survey(context))
    if not tables:
        wanted = f" that {'has these tags' if tags else f'matches {match}'}" if tags or match else ""
        raise NothingSelected(
            f"account {identity.account} has no table{wanted} in {identity.region}",
            hint="set AWS_REGION and AWS_PROFILE to the place of your tables",
        )
    return FoundTables(identity.account, identity.region, tables, tags, match)


async def _survey(context: RunContext) -> tuple[FoundTable, ...]:
    inventory = await take_inventory(context)
    chosen = select(context.plan, inventory).chosen
    recoverable = await _recoverable(context, sorted(chosen))
    return tuple(FoundTable(name, each) for name, each in recoverable.items())


async def _recoverable(context: RunContext, names: Sequence[str]) -> dict[str, bool | None]:
    call_aws = AwsCaller(context, context.source)

    async def read(name: str) -> bool | None:
        def pitr(cloud: Cloud) -> bool:
            return cloud.tables.pitr(name).enabled

        try:
            return await call_aws("DescribeContinuousBackups", pitr)
        except (AccessDenied, NotSupported, TableMissing):
            return None

    return await read_for_each(names, read)
