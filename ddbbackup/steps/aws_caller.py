"""Calls to one cloud: at the rate that AWS accepts, and again when AWS asks to slow down."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ddbbackup.ports import Cloud
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.retry import CONTROL_PLANE, RetryPolicy, retry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AwsCaller:
    """Asks one cloud: ``answer = await ask("DescribeTable", lambda cloud: …)``."""

    context: RunContext
    cloud: Cloud

    async def __call__(
        self, operation: str, work: Callable[[Cloud], T], *, policy: RetryPolicy = CONTROL_PLANE
    ) -> T:
        """The answer of ``work``. Raises what it raises, errors of the policy only when they last."""
        context = self.context

        async def attempt() -> T:
            turn = context.rate_limits.turn(operation, context.clock.monotonic())
            if turn > 0:
                await sleep(turn)
            return await context.call(work, self.cloud)

        return await retry(context, operation, attempt, policy)
