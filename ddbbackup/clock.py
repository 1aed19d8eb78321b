"""Time as the rest of ddbbackup sees it, so that tests and simulations need not wait for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """``monotonic`` is in seconds and is the time of the running event loop; waiting is ``asyncio.sleep``."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float: ...


class SystemClock:
    """The clock of this machine; asyncio's own loops use the same monotonic one."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
