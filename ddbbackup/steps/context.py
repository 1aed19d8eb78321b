"""All that a running step may use, bound once a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ddbbackup.backup.export_scheduler import ExportScheduler
from ddbbackup.bulk.model import WriteJob, WriteResult
from ddbbackup.catalog import Catalog
from ddbbackup.clock import Clock
from ddbbackup.model.progress import OnProgress
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Cloud
from ddbbackup.pricing.prices import Prices, packaged
from ddbbackup.steps.memo import OncePerRun
from ddbbackup.steps.rate_limits import RateLimits
from ddbbackup.steps.step import Calls


class WriteItems(Protocol):
    """The bulk writer with its way to AWS already bound."""

    def __call__(self, job: WriteJob, *, target: Cloud, source: Cloud) -> WriteResult: ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """``source`` sees the plan's own account and region; ``deadline`` is monotonic, None waits for ever."""

    plan: Plan
    run_id: str
    started_at: datetime
    clock: Clock
    calls: Calls
    source: Cloud
    catalog: Catalog
    desk: ExportScheduler
    write_items: WriteItems
    on_progress: OnProgress
    stop: threading.Event
    state_dir: Path
    wait: bool = True
    deadline: float | None = None
    prices: Prices = field(default_factory=packaged)
    once: OncePerRun = field(default_factory=OncePerRun)
    pace: RateLimits = field(default_factory=RateLimits)
