"""The time of day in the DynamoDB of the sandbox. A test moves it, so that hours pass between two writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from moto.dynamodb import models
from moto.dynamodb.models import table as tables


class SandboxClock:
    """``ahead_seconds``: how far it is ahead of the clock of this machine, negative if it is behind.

    Whatever DynamoDB dates has its time: tables, writes, the recovery window, jobs, on-demand backups. S3, STS, the
    times of signatures and of session keys stay on the clock of this machine.
    """

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead_seconds

    def advance(self, seconds: float) -> None:
        self.ahead_seconds += seconds

    @contextmanager
    def ago(self, seconds: float) -> Iterator[None]:
        """What is written in the ``with`` block was written so long ago."""
        self.ahead_seconds -= seconds
        try:
            yield
        finally:
            self.ahead_seconds += seconds


CLOCK: Final = SandboxClock()  # of the process, as moto's state is


def install() -> None:
    """Makes moto's DynamoDB read this clock."""
    for owner, name, replacement in (
        (tables, "utcnow", _naive_utc),
        (models, "unix_time", _unix_time),
    ):
        setattr(owner, name, replacement)


def _naive_utc() -> datetime:
    return datetime.fromtimestamp(CLOCK.now(), UTC).replace(tzinfo=None)


def _unix_time(*_: Any) -> float:
    return CLOCK.now()
