"""Calls to AWS that respect the rate limits of the run and retry what AWS rejects for a while."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from ddbbackup.errors import Unreachable
from ddbbackup.ports import Cloud
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.retry import CONTROL_PLANE, RetryPolicy, retry

T = TypeVar("T")


class Page(Protocol):
    """One page of a list. ``next_token`` is None on the last page."""

    @property
    def next_token(self) -> str | None: ...


P = TypeVar("P", bound=Page)


@dataclass(frozen=True, slots=True)
class AwsCaller:
    """Calls one account and region: ``await call_aws("DescribeTable", lambda cloud: …)``."""

    context: RunContext
    cloud: Cloud

    async def __call__(
        self, operation: str, call: Callable[[Cloud], T], *, policy: RetryPolicy = CONTROL_PLANE
    ) -> T:
        """The result of ``call``; ``operation`` selects its rate limit and names it in the log.

        Raises what ``call`` raises, and errors that the policy retries only when they persist.
        """
        context = self.context

        async def attempt() -> T:
            seconds = context.rate_limits.reserve(operation, context.clock.monotonic())
            if seconds > 0:
                await sleep(seconds)
            return await context.call(call, self.cloud)

        return await retry(context, operation, attempt, policy)


async def read_pages(
    call_aws: AwsCaller,
    operation: str,
    read: Callable[[Cloud, str | None], P],
    *,
    policy: RetryPolicy = CONTROL_PLANE,
) -> AsyncIterator[P]:
    """All pages of a list. ``read`` gets the token of the page, None for the first one.

    Raises ``Unreachable`` for a list that repeats a token: it would have no end.
    """
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = await call_aws(operation, partial(_read_page, read, token), policy=policy)
        yield page
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise Unreachable(
                f"{operation} returned the same page token twice, so its list has no end",
                hint="run the same command again; if it persists, check the proxy or endpoint in front of AWS",
            )
        seen.add(token)


def _read_page(read: Callable[[Cloud, str | None], P], token: str | None, cloud: Cloud) -> P:
    return read(cloud, token)
