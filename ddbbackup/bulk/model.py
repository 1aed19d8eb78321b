"""The inputs and results of bulk jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import KeyAttribute

Existing = Literal["overwrite", "keep"]
STALL_TIMEOUT_SECONDS = 300.0


class Stopped(Exception):
    """The job ended early because its stop event was set."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One gzipped data file of a backup, as the manifest describes it, at its current location.

    ``md5`` is the base64 MD5 of the compressed object; ``item_count`` is the number of its lines.
    """

    bucket: str
    key: str
    md5: str
    item_count: int
    bucket_owner: str | None = None
    size_bytes: int | None = None  # of the compressed object, if known

    @property
    def uri(self) -> str:
        return S3Location(self.bucket, self.key).uri


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Put all items of ``files`` into ``table``.

    ``existing``: ``overwrite`` puts every item; ``keep`` puts an item only if its key is missing in the table.
    ``state_dir`` belongs to this restore alone: it holds the ledger of finished units and the rejected items
    (``rejects.jsonl``, mode 0600). A second run with the same directory resumes the first one.
    ``stall_timeout_seconds``: a worker fails after this time without a single successful write.
    """

    files: tuple[DataFile, ...]
    table: str
    keys: tuple[KeyAttribute, ...]
    state_dir: Path
    existing: Existing = "overwrite"
    write_units_per_second: int | None = None
    workers: int | None = None
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of every item: ``written + kept + rejected`` must equal the item count of the manifest.

    The counts include ``resumed_files`` units that an earlier, interrupted run finished.
    """

    written: int
    kept: int
    rejected: int
    files: int
    resumed_files: int
    size_bytes: int
    consumed_write_units: float
    throttled: int  # requests that AWS throttled, or answered with unprocessed items
    rejects_file: Path | None
    reasons: tuple[tuple[str, int], ...] = ()  # why items were rejected, without item data


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """The measured size, hash and item count of a data file whose content matches its manifest."""

    key: str
    size_bytes: int
    md5: str
    item_count: int
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What a worker does at a time: a data file, or part ``part`` of the ``parts`` of a large file.

    A part is every ``parts``-th section of the inflated stream. Each part reads the whole file.
    """

    number: int
    file: DataFile
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class UnitResult:
    """The result of all items of one unit. ``reasons`` are those of the rejected items, without item data."""

    number: int
    written: int
    kept: int
    rejected: int
    size_bytes: int
    reasons: tuple[tuple[str, int], ...] = ()
