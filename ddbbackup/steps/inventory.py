"""Reads the names and tags of tables that the selectors of a plan need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

from ddbbackup.errors import TableMissing
from ddbbackup.plan.selection import Inventory, needs_names, needs_tags
from ddbbackup.ports import Cloud
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import SELECTORS, TAGS, Permission

PERMISSIONS: Final = (
    Permission("dynamodb:ListTables", "everything", ("backup", "read"), SELECTORS),
    Permission("dynamodb:ListTagsOfResource", "table", ("backup", "read"), TAGS),
)
T = TypeVar("T")


async def take_inventory(context: RunContext) -> Inventory:
    """Lists tables only if a selector needs their names, and reads tags only if a selector needs tags."""
    plan, cloud = context.plan, context.source
    if not needs_names(plan):
        return Inventory()
    names = await context.call(lambda: tuple(sorted(cloud.tables.names())))
    if not needs_tags(plan):
        return Inventory(names)
    call_aws = AwsCaller(context, cloud)
    return Inventory(names, await read_for_each(names, lambda name: _tags(call_aws, name)))


async def read_for_each(names: Iterable[str], read: Callable[[str], Awaitable[T]]) -> dict[str, T]:
    """The results by name. Reads concurrently; the rate limits of the run apply."""
    names = tuple(names)
    return dict(zip(names, await asyncio.gather(*map(read, names)), strict=True))


async def _tags(call_aws: AwsCaller, name: str) -> Mapping[str, str]:
    def read(cloud: Cloud) -> Mapping[str, str]:
        return cloud.settings.tags(cloud.tables.arn(name))

    try:
        return await call_aws("ListTagsOfResource", read)
    except TableMissing:
        return {}  # deleted after it was listed
