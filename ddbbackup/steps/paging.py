"""Reads lists of AWS page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol, TypeVar

from ddbbackup.errors import Unreachable
from ddbbackup.steps.context import RunContext


class Page(Protocol):
    """One answer of a list operation."""

    @property
    def next_token(self) -> str | None: ...


PageT = TypeVar("PageT", bound=Page)


async def pages(context: RunContext, read: Callable[[str | None], PageT]) -> AsyncIterator[PageT]:
    """Every page; ``read`` gets the token of the next one. Raises ``Unreachable`` if a token comes twice."""
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = await context.call(read, token)
        yield page
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise Unreachable(
                "AWS answered a list with the same continuation token twice, so the list has no end",
                hint="run the same command again; if it persists, check the proxy or endpoint in front of AWS",
            )
        seen.add(token)
