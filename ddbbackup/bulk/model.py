"""The inputs and results of bulk jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.bulk.item_filter import ItemFilter
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import KeyAttribute

Existing = Literal["overwrite", "keep", "verify"]
"""What to do with an item of the table that has the key of an item to write.

``overwrite``: put the item over it. ``keep``: leave it. ``verify``: leave it, and compare it with the item to write,
which it must equal: for a restore that was interrupted after it had found the table empty.
"""
STALL_TIMEOUT_SECONDS = 300.0


class Stopped(Exception):
    """The job ended early because its stop event was set."""


DataFormat = Literal["DYNAMODB_JSON", "ION", "ION_CHANGES", "PLAIN", "DUMP"]
"""What a data file holds: lines of an export, or what ``archive.ion`` and ``archive.plain_lines`` read."""
Compression = Literal["gzip", "zstd", "none"]


@dataclass(frozen=True, slots=True)
class DataFile:
    """One data file of a backup, as the manifest describes it, at its current location.

    ``md5`` is the base64 MD5 of the compressed object; ``item_count`` is the number of its lines; ``etag`` is the
    ETag, without quotes, that the manifest names.
    """

    bucket: str
    key: str
    md5: str
    item_count: int
    bucket_owner: str | None = None
    size_bytes: int | None = None  # of the compressed object, if known
    etag: str | None = None
    format: DataFormat = "DYNAMODB_JSON"
    compression: Compression = "gzip"

    @property
    def uri(self) -> str:
        return S3Location(self.bucket, self.key).uri


@dataclass(frozen=True, slots=True)
class SampledItem:
    """An item by its key, in the wire format as JSON text, and its ``archive.attribute_values.item_digest``."""

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Put all items of ``files`` into ``table``, in the state that ``windows`` leave them in.

    ``windows`` are the data files of incremental exports that follow ``files``, in the order of time. An item that
    they delete is not put. ``deletes``: it is also deleted from the table, because something else has put ``files``
    into it; only with ``overwrite``. ``edits``: how each item is changed before it is put.
    ``only``: of these items, those that match; of deleted ones, those whose keys match.
    ``state_dir`` belongs to this restore alone: it holds the rejected items (``rejects.jsonl``, mode 0600).
    ``stall_timeout_seconds``: a worker fails after this time without a single successful write.
    """

    files: tuple[DataFile, ...]
    table: str
    keys: tuple[KeyAttribute, ...]
    state_dir: Path
    windows: tuple[tuple[DataFile, ...], ...] = ()
    deletes: bool = False
    existing: Existing = "overwrite"
    write_units_per_second: int | None = None
    workers: int | None = None
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS
    edits: ItemEdits | None = None
    only: ItemFilter | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of every line: ``line_count`` must equal the counts of the manifests.

    ``superseded`` lines were not written, because a window changes their item, or a later change does. ``deleted``
    are items whose last change is a delete. Without windows both are 0. ``left_out`` lines do not match ``only``.

    ``kept``: the table held an item with the key (``existing: keep``). ``equal`` and ``different``: it did, and how
    it compares (``existing: verify``). ``different`` and ``rejected`` items are in ``rejects_file``.

    The counts include ``resumed_files`` files that an earlier, interrupted run finished. ``suspect_files`` arrived
    damaged after some of their items had been put, and were read again: the table may hold damaged items besides.
    ``sample`` are some of the items that this run wrote, for ``read_back.compare_sample``.
    """

    written: int
    kept: int
    equal: int
    different: int
    rejected: int
    superseded: int
    deleted: int
    changed: int  # items that ``WriteJob.edits`` changed
    files: int
    resumed_files: int
    size_bytes: int
    consumed_write_units: float
    throttled: int  # requests that AWS throttled, or answered with unprocessed items
    rejects_file: Path | None
    reasons: tuple[tuple[str, int], ...] = ()  # why items are in ``rejects_file``, without item data
    suspect_files: tuple[str, ...] = ()  # URIs
    left_out: int = 0
    sample: tuple[SampledItem, ...] = ()

    @property
    def item_count(self) -> int:
        """The number of items in their final state."""
        return self.written + self.kept + self.equal + self.different + self.rejected

    @property
    def line_count(self) -> int:
        return self.item_count + self.superseded + self.deleted + self.left_out


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """A data file with no item left to write. The counts of ``WriteResult`` add up to ``item_count``."""

    key: str
    md5: str
    item_count: int
    written: int
    kept: int
    equal: int
    size_bytes: int
    superseded: int = 0
    deleted: int = 0
    changed: int = 0
    left_out: int = 0
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """What a worker does at a time: a data file, or part ``part`` of the ``parts`` of a large file.

    A part is every ``parts``-th section of the inflated stream. Each part reads the whole file. ``sample`` are the
    numbers of the lines to sample, counted from 0 among those of the unit that are put. ``repeated``: another worker
    died over it, so some of its items may be in the table. ``first_change``: the file belongs to a window, and its
    changes have the numbers from this one on in the index of changed keys.
    """

    number: int
    file: DataFile
    part: int = 0
    parts: int = 1
    sample: tuple[int, ...] = ()
    repeated: bool = False
    first_change: int | None = None


@dataclass(frozen=True, slots=True)
class UnitResult:
    """The result of all items of one unit, with the counts of ``WriteResult``.

    ``reasons`` are those of the rejected and different items, without item data.
    """

    number: int
    written: int
    kept: int
    equal: int
    different: int
    rejected: int
    size_bytes: int
    superseded: int = 0
    deleted: int = 0
    changed: int = 0
    left_out: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    suspect: bool = False
    sample: tuple[SampledItem, ...] = ()
