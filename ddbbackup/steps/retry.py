"""Reads that AWS throttles, asked again later."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, TypeVar

from ddbbackup.clock import Clock
from ddbbackup.errors import Throttled

T = TypeVar("T")
_TRIES: Final = 10


def patiently(read: Callable[[str], T], name: str, clock: Clock) -> T:
    """Raises ``Throttled`` after ``_TRIES`` of them, some three minutes."""
    for tried in range(_TRIES - 1):
        try:
            return read(name)
        except Throttled:
            clock.sleep(random.uniform(0.5, 1.0) * min(30.0, 2.0**tried))  # noqa: S311 - jitter, not a secret
    return read(name)
