"""All that a running step may use, bound once per run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.catalog import Catalog
from ddbbackup.clock import Clock
from ddbbackup.model.progress import OnProgress
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Cloud
from ddbbackup.pricing.prices import Prices, packaged
from ddbbackup.steps.memo import OncePerRun
from ddbbackup.steps.rate_limits import RateLimits
from ddbbackup.steps.threads import Threads

T = TypeVar("T")
P = ParamSpec("P")


class WriteItems(Protocol):
    """The bulk writer with its access to AWS already bound."""

    def __call__(self, job: WriteJob, *, target: Cloud, source: Cloud) -> WriteResult: ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """``source`` sees the plan's own account and region; ``deadline`` is monotonic, None waits for ever.

    ``run_id_is_key``: somebody gave the run id, so what it has finished is not done again. The run id of a CI system
    only lets a run continue what the same pipeline left unfinished. ``wait``: wait for exports, or leave once they
    are started. ``estimating``: nothing will be carried out, so assessments also say how long the run would take and
    what it would cost.
    """

    plan: Plan
    run_id: str
    started_at: datetime
    clock: Clock
    threads: Threads
    source: Cloud
    catalog: Catalog
    write_items: WriteItems
    on_progress: OnProgress
    stop: threading.Event
    state_dir: Path
    run_id_is_key: bool = True
    wait: bool = True
    deadline: float | None = None
    estimating: bool = False
    prices: Prices = field(default_factory=packaged)
    once: OncePerRun = field(default_factory=OncePerRun)
    rate_limits: RateLimits = field(default_factory=RateLimits)

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One short blocking call, in a thread."""
        return await self.threads.call(work, *args, **kwargs)

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Long blocking work, in a thread; few run at a time."""
        return await self.threads.heavy(work, *args, **kwargs)
