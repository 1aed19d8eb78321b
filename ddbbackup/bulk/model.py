"""What goes into a bulk transfer and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddbbackup.ports import KeyAttribute

PATIENCE_SECONDS = 300.0


class Stopped(Exception):
    """Not a result: somebody interrupted the run."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One gzipped data file of a backup, as its manifest describes it and where it lies now.

    ``md5`` is the base64 MD5 of the compressed object, ``item_count`` the number of its lines.
    """

    bucket: str
    key: str
    md5: str
    item_count: int
    bucket_owner: str | None = None
    size_bytes: int | None = None  # of the compressed object, where it is known

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Put all items of ``files`` into ``table``.

    ``existing``: ``overwrite`` puts every item; ``keep`` puts an item only where its key is missing.
    ``state_dir`` is private to this restore: the ledger of finished files and the rejected items
    (``rejects.jsonl``, mode 0600) lie in it, and a second run with the same directory continues.
    ``patience_seconds``: how long a worker goes on though not one of its writes succeeds.
    """

    files: tuple[DataFile, ...]
    table: str
    keys: tuple[KeyAttribute, ...]
    state_dir: Path
    existing: Literal["overwrite", "keep"] = "overwrite"
    write_units_per_second: int | None = None
    workers: int | None = None
    patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What happened to every item: ``written + kept + rejected`` must equal the manifest's count.

    The counts include files that an earlier, interrupted run finished (``resumed_files`` of them).
    """

    written: int
    kept: int
    rejected: int
    files: int
    resumed_files: int
    size_bytes: int
    consumed_write_units: float
    throttled: int  # requests that AWS slowed down or answered with unprocessed items
    rejects_file: Path | None
    reasons: tuple[tuple[str, int], ...] = ()  # why items were rejected, without item data


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One data file after its bytes were read: its real size, hash and number of lines."""

    key: str
    size_bytes: int
    md5: str
    item_count: int
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What one worker does at a time: a data file, or part ``part`` of ``parts`` of a large one.

    A part is every ``parts``-th section of the inflated stream; whoever has a part reads the whole file.
    """

    number: int
    file: DataFile
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What became of the items of one unit. ``reasons`` are of the rejected ones, without item data."""

    number: int
    written: int
    kept: int
    rejected: int
    size_bytes: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker needs to know of the job, besides its units. Picklable."""

    table: str
    keys: tuple[KeyAttribute, ...]
    existing: Literal["overwrite", "keep"]
    rejects_dir: Path
    limited: bool  # whether a budget of write units is kept
    patience_seconds: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a worker has come since its last report."""

    items: int
    throttled: int
    consumed_write_units: float
