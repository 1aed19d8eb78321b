"""What a worker pool and its workers send each other. Everything here is picklable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.bulk.chain_lines import ChainConfig
from ddbbackup.bulk.item_filter import ItemFilter
from ddbbackup.bulk.model import Existing, Unit, UnitResult
from ddbbackup.errors import DdbBackupError
from ddbbackup.ports import KeyAttribute


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker knows about the job, besides its units."""

    table: str
    keys: tuple[KeyAttribute, ...]
    existing: Existing
    rejects_dir: Path
    rate_limited: bool  # the pool sends a ``SetRate`` before and whenever shares change
    stall_timeout_seconds: float
    chain: ChainConfig | None = None  # for restores of a full backup and windows
    edits: ItemEdits | None = None
    only: ItemFilter | None = None


@dataclass(frozen=True, slots=True)
class SetRate:
    """The worker's share of the job's write units per second, from now on."""

    units_per_second: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave as soon as possible; units in progress will be repeated."""


@dataclass(frozen=True, slots=True)
class ProgressDelta:
    """What has happened since the worker's previous report."""

    items: int
    throttled: int
    consumed_write_units: float


@dataclass(frozen=True, slots=True)
class WorkerFailed:
    """The last message of a worker that cannot go on."""

    error: DdbBackupError


ToWorker = Unit | SetRate | Stop
FromWorker = ProgressDelta | UnitResult | WorkerFailed


class WorkerPipe(Protocol):
    """The worker's end of a ``multiprocessing.Pipe``."""

    def poll(self) -> bool: ...
    def recv(self) -> ToWorker: ...
    def send(self, message: FromWorker, /) -> None: ...
