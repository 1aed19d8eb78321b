"""Time and progress, as the inside of ddbbackup sees them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol


class Clock(Protocol):
    """Time, so that tests and simulations need not wait for it."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Returns when the event is set or the time is over, whichever comes first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is; totals are ``None`` while unknown.

    ``table`` is empty where all tables of the run are meant (exports in flight).
    """

    table: str
    phase: Literal["export", "verify", "write"]
    done: int
    total: int | None
    unit: Literal["bytes", "items", "files", "exports"] = "items"
    detail: Mapping[str, Any] = field(default_factory=dict)


class OnProgress(Protocol):
    """Called now and then, from any thread, with the newest state of one table's work."""

    def __call__(self, progress: Progress) -> None: ...
