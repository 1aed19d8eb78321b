"""Everything that a running step can use; created once per run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from ddbbackup.bulk.compare import CompareJob, PointComparison
from ddbbackup.bulk.ledger import Ledger
from ddbbackup.bulk.model import SampledItem, WriteJob, WriteResult
from ddbbackup.bulk.read_back import Comparison
from ddbbackup.bulk.scan import ScanJob, ScanResult
from ddbbackup.bulk.verify_data import VerifiedData, VerifyJob
from ddbbackup.catalog import Catalog
from ddbbackup.clock import Clock
from ddbbackup.model.progress import OnProgress
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Cloud, KeyAttribute
from ddbbackup.pricing.prices import Prices, packaged
from ddbbackup.steps.memo import OncePerRun
from ddbbackup.steps.rate_limits import RateLimits
from ddbbackup.steps.standing import Standing
from ddbbackup.steps.threads import Threads

T = TypeVar("T")
P = ParamSpec("P")


class WriteItems(Protocol):
    """Writes items in bulk. Access to AWS is already configured."""

    def __call__(self, job: WriteJob, *, ledger: Ledger, target: Cloud, source: Cloud) -> WriteResult: ...


class VerifyData(Protocol):
    """Reads the data files of a backup. Access to AWS is already configured."""

    def __call__(self, job: VerifyJob, *, source: Cloud) -> VerifiedData: ...


class ScanItems(Protocol):
    """Scans a table into an export. Access to AWS is already configured."""

    def __call__(self, job: ScanJob, *, source: Cloud) -> ScanResult: ...


class ComparePoint(Protocol):
    """Compares a restore point with a live table. Access to AWS is already configured. The caller closes it."""

    def __call__(self, job: CompareJob, *, target: Cloud, source: Cloud) -> PointComparison: ...


class CompareItems(Protocol):
    """Compares a sample of items with a table. Access to AWS is already configured."""

    def __call__(
        self, table: str, keys: Sequence[KeyAttribute], sample: Sequence[SampledItem], *, target: Cloud
    ) -> Comparison: ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """The context of one run.

    ``source`` is AWS in the account and region of the plan. ``deadline`` is a time of the monotonic clock; None means
    no time limit. ``run_id_is_key``: the user gave the run ID, so what it has finished is not done again; the run ID
    of a CI system only continues what the same pipeline left unfinished. ``wait`` is False if the run starts exports
    without waiting for them. ``estimating`` is True for ``preview``: nothing is carried out, and assessments include
    time and cost. ``find_state_dir`` is called when a step needs the directory: other runs do not depend on it.
    """

    plan: Plan
    run_id: str
    started_at: datetime
    clock: Clock
    threads: Threads
    source: Cloud
    catalog: Catalog
    write_items: WriteItems
    compare_items: CompareItems
    compare_point: ComparePoint
    verify_data: VerifyData
    scan_items: ScanItems
    on_progress: OnProgress
    stop: threading.Event
    find_state_dir: Callable[[], Path]
    run_id_is_key: bool = True
    wait: bool = True
    deadline: float | None = None
    estimating: bool = False
    prices: Prices = field(default_factory=packaged)
    once: OncePerRun = field(default_factory=OncePerRun)
    rate_limits: RateLimits = field(default_factory=RateLimits)
    standing: Standing = field(default_factory=Standing)

    @property
    def state_dir(self) -> Path:
        """The directory for the local state of restores. Raises ``Refused`` if it cannot be used."""
        return self.find_state_dir()

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one short blocking call in a thread."""
        return await self.threads.call(work, *args, **kwargs)

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs long blocking work in a thread; few of these run at a time."""
        return await self.threads.heavy(work, *args, **kwargs)
