"""Reads the names and tags of tables that the selectors of a plan need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import structlog

from ddbbackup import events
from ddbbackup.errors import AccessDenied, NotSupported, TableMissing
from ddbbackup.model.progress import Progress
from ddbbackup.plan.model import Plan
from ddbbackup.plan.only import Only, wants
from ddbbackup.plan.selection import Inventory, needs_names, needs_tags
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SELECTORS, TAGS, Permission

PERMISSIONS: Final = (
    Permission("dynamodb:ListTables", "everything", ("backup", "read"), SELECTORS),
    Permission(
        "tag:GetResources",
        "everything",
        ("backup", "read"),
        TAGS,
        note="without it, the tags of each table are read one by one",
    ),
    Permission("dynamodb:ListTagsOfResource", "table", ("backup", "read"), TAGS),
)
T = TypeVar("T")
log = structlog.get_logger()


async def take_inventory(context: RunContext, *, only: Only = (), others: Sequence[Plan] = ()) -> Inventory:
    """Lists tables only if a selector needs their names, and reads tags only if a selector needs tags.

    ``only``: the tags of other tables are not read. ``others``: plans with selectors for the same inventory.
    """
    plans, cloud = (context.plan, *others), context.source
    if not any(map(needs_names, plans)):
        return Inventory()
    names = await context.call(lambda: tuple(sorted(cloud.tables.names())))
    wanted = tuple(name for name in names if wants(only, name))
    if not wanted or not any(map(needs_tags, plans)):
        return Inventory(names)
    return Inventory(names, await _read_tags(context, wanted))


async def read_for_each(names: Iterable[str], read: Callable[[str], Awaitable[T]]) -> dict[str, T]:
    """The results by name. Reads concurrently; the rate limits of the run apply."""
    names = tuple(names)
    return dict(zip(names, await asyncio.gather(*map(read, names)), strict=True))


async def _read_tags(context: RunContext, names: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    """One request for every 100 tables; where that is not allowed, one for each table, ten a second."""
    call_aws = AwsCaller(context, context.source)
    try:
        tags = await call_aws("GetResources", lambda cloud: cloud.tagging.of_tables())
    except (AccessDenied, NotSupported) as error:
        log.info(events.TAGS_PROGRESSED, done=0, total=len(names), unit="tables", reason=error.message)
    else:
        return {name: tags.get(name, {}) for name in names}
    read = 0

    async def read_one(name: str) -> Mapping[str, str]:
        nonlocal read
        result = await _tags(call_aws, name)
        read += 1
        context.on_progress(Progress("", "tags", read, len(names), "tables"))
        return result

    return await read_for_each(names, read_one)


async def _tags(call_aws: AwsCaller, name: str) -> Mapping[str, str]:
    def read(cloud: Cloud) -> Mapping[str, str]:
        return cloud.settings.tags(cloud.tables.arn(name))

    try:
        return await call_aws("ListTagsOfResource", read)
    except TableMissing:
        return {}  # deleted after it was listed
