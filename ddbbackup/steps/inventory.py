"""Reads from the account what the selectors of a plan need to know: names and tags of tables."""

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
    """Lists tables only if a selector needs it, and tags only if one asks for tags."""
    plan, cloud = context.plan, context.source
    if not needs_names(plan):
        return Inventory()
    names = await context.call(lambda: tuple(sorted(cloud.tables.names())))
    if not needs_tags(plan):
        return Inventory(names)
    ask = AwsCaller(context, cloud)
    return Inventory(names, await each_of(names, lambda name: _tags(ask, name)))


async def each_of(names: Iterable[str], read: Callable[[str], Awaitable[T]]) -> dict[str, T]:
    """One answer for each name, read side by side; the rate limits of the run pace them."""
    every = tuple(names)
    return dict(zip(every, await asyncio.gather(*map(read, every)), strict=True))


async def _tags(ask: AwsCaller, name: str) -> Mapping[str, str]:
    def read(cloud: Cloud) -> Mapping[str, str]:
        return cloud.settings.tags(cloud.tables.arn(name))

    try:
        return await ask("ListTagsOfResource", read)
    except TableMissing:
        return {}  # deleted since it was listed
