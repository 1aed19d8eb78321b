"""All that a running step may use, bound once a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ddbbackup.catalog import Catalog
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Clock, Cloud, OnProgress
from ddbbackup.steps.export_desk import ExportDesk
from ddbbackup.steps.once import Once
from ddbbackup.steps.pace import Pace
from ddbbackup.steps.prices import Prices, packaged
from ddbbackup.steps.step import Calls
from ddbbackup.transfer.model import WriteJob, WriteResult


class WriteItems(Protocol):
    """The bulk writer with its way to AWS already bound."""

    def __call__(self, job: WriteJob, *, target: Cloud, source: Cloud) -> WriteResult: ...


@dataclass(frozen=True, slots=True)
class World:
    """``source`` sees the plan's own account and region; ``deadline`` is monotonic, None waits for ever."""

    plan: Plan
    run: str
    started_at: datetime
    clock: Clock
    calls: Calls
    source: Cloud
    catalog: Catalog
    desk: ExportDesk
    write_items: WriteItems
    on_progress: OnProgress
    stop: threading.Event
    state_dir: Path
    wait: bool = True
    deadline: float | None = None
    prices: Prices = field(default_factory=packaged)
    once: Once = field(default_factory=Once)
    pace: Pace = field(default_factory=Pace)
