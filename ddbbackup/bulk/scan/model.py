"""The input and the result of a scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.bulk.model import STALL_TIMEOUT_SECONDS
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import KeyAttribute


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanJob:
    """Read all items of a table, and write them as the export ``export_id`` into ``folder``.

    The same ``export_id`` takes up what an earlier process, on whatever machine, has left. ``started_at`` is the time
    at which the first one began. ``size_bytes`` is that of the table as far as it is known; it only decides into how
    many segments and files the work is cut. ``concurrency`` is how many segments are read at a time.
    ``stall_timeout_seconds``: the scan fails after this time without a single page.
    """

    table: str
    table_arn: str
    table_id: str
    keys: tuple[KeyAttribute, ...]
    export_id: str
    folder: ExportFolder
    started_at: datetime
    encryption: Encryption
    bucket_owner: str | None = None
    size_bytes: int = 0
    read_units_per_second: int | None = None
    concurrency: int | None = None
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """Everything that the table held during the whole of ``started_at`` to ``ended_at``.

    What was changed in between has one of its values, and what was put or deleted in between may be there or not.
    ``ended_at`` is when the last page arrived. ``size_bytes`` is that of the compressed files. ``resumed_files`` were
    written by an earlier process. ``consumed_read_units`` and ``throttled`` are those of this process; the units are
    estimated if the server does not count them.
    """

    started_at: datetime
    ended_at: datetime
    manifest_key: str
    item_count: int
    file_count: int
    size_bytes: int
    segments: int
    resumed_files: int
    consumed_read_units: float
    throttled: int
