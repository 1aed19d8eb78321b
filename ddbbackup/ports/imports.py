"""DynamoDB's imports from S3, which always make a new table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

ImportStatus = Literal["IN_PROGRESS", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The parameters of one ``ImportTable`` of gzipped DynamoDB JSON.

    ``prefix`` is a raw match of key beginnings, so it ends in ``/`` (observed on AWS). ``table`` is the
    ``TableCreationParameters``.
    """

    bucket: str
    prefix: str
    table: Mapping[str, Any]
    client_token: str
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What ``DescribeImport`` says. Counts are those of items, sizes those of uncompressed data."""

    arn: str
    status: ImportStatus
    table_arn: str
    table_id: str | None = None
    client_token: str | None = None
    start_time: datetime | None = None
    processed_items: int = 0
    imported_items: int = 0
    errors: int = 0
    processed_bytes: int = 0
    failure_code: str | None = None
    failure_message: str | None = None
    log_group_arn: str | None = None


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """One element of ``ListImports``."""

    arn: str
    status: ImportStatus


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One answer of ``ListImports``, newest import first."""

    summaries: tuple[ImportSummary, ...]
    next_token: str | None


class Imports(Protocol):
    """Imports of one account and region."""

    def start(self, request: ImportRequest) -> Import:
        """The same token returns the same import while it is in progress (observed on AWS).

        Raises ``Refused`` if the table exists, ``Conflict`` (token reused with other parameters) and
        ``Throttled`` (rate, or the quota of imports in flight).
        """

    def describe(self, import_arn: str) -> Import:
        """Raises ``Refused`` if AWS does not know the import."""

    def page(self, *, table_arn: str, next_token: str | None = None) -> ImportPage: ...
