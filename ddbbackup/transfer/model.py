"""What goes into a bulk transfer and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddbbackup.ports import KeyAttribute


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


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Put all items of ``files`` into ``table``.

    ``existing``: ``overwrite`` puts every item; ``keep`` puts an item only where its key is missing.
    ``state_dir`` is private to this restore: the ledger of finished files and the rejected items
    (``rejects.jsonl``, mode 0600) lie in it, and a second run with the same directory continues.
    """

    files: tuple[DataFile, ...]
    table: str
    keys: tuple[KeyAttribute, ...]
    state_dir: Path
    existing: Literal["overwrite", "keep"] = "overwrite"
    write_units_per_second: int | None = None
    workers: int | None = None


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
