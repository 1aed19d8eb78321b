"""How fast all segments together may read."""

from __future__ import annotations

import threading
import time
from typing import Final

from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.rate_control import TokenBucket

# A page has at most 1 MB, and a consistent read costs a unit for each 4 KB (DynamoDB guide: Read/write capacity). So
# much is reserved for the first pages, until a response says what a page of this table costs.
UNITS_OF_A_FULL_PAGE: Final = 256.0
_STOP_CHECK_SECONDS: Final = 0.2


class ReadLimit:
    """A token bucket that many threads share. ``consumed`` and ``throttled`` count over all of them."""

    def __init__(self, units_per_second: int | None, stop: threading.Event) -> None:
        self.consumed = 0.0
        self.throttled = 0
        self._stop = stop
        self._lock = threading.Lock()
        self._bucket: TokenBucket | None = None
        if units_per_second is not None:
            now = time.monotonic()
            self._bucket = TokenBucket(units_per_second, now, units_per_item=UNITS_OF_A_FULL_PAGE)

    def wait(self) -> float:
        """Returns once a page may be read; pass the result to ``settle``. Raises ``Stopped``."""
        while True:
            if self._stop.is_set():
                raise Stopped
            with self._lock:
                if self._bucket is None:
                    return 0.0
                seconds = self._bucket.wait_seconds(time.monotonic())
                if seconds <= 0:
                    return self._bucket.reserve(1)
            self._stop.wait(min(seconds, _STOP_CHECK_SECONDS))

    def settle(self, reserved: float, consumed: float) -> None:
        """The units of a page that was read."""
        with self._lock:
            self.consumed += consumed
            if self._bucket is not None:
                self._bucket.settle(reserved, consumed, 1)

    def give_back(self, reserved: float, *, throttled: bool) -> None:
        """For a page that was not read. A throttled request counts as if it had been: reading goes on more slowly."""
        with self._lock:
            self.throttled += throttled
            if self._bucket is not None and not throttled:
                self._bucket.settle(reserved, 0.0, 1)
