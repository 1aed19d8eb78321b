"""DynamoDB imports from S3. An import always creates a new table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

ImportStatus = Literal["IN_PROGRESS", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The parameters of one ``ImportTable`` with gzipped DynamoDB JSON.

    AWS matches ``prefix`` as plain text, so it ends in ``/`` (observed on AWS). ``table`` is the
    ``TableCreationParameters`` member.
    """

    bucket: str
    prefix: str
    table: Mapping[str, Any]
    client_token: str
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """The response of ``DescribeImport``. ``processed_bytes`` counts uncompressed data."""

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
    """One element of ``ListImports``. ``bucket``, ``prefix`` and ``bucket_owner`` say what the import reads."""

    arn: str
    status: ImportStatus
    bucket: str = ""
    prefix: str = ""
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One page of ``ListImports``, newest first."""

    summaries: tuple[ImportSummary, ...]
    next_token: str | None


class Imports(Protocol):
    """Imports of one account and region."""

    def start(self, request: ImportRequest) -> Import:
        """The same token returns the same import while it is running (observed on AWS).

        Raises ``InUse`` if the table exists, ``Conflict`` if the token was used with other parameters, and
        ``Throttled`` also if too many imports are running.
        """

    def describe(self, import_arn: str) -> Import:
        """Raises ``Refused`` if AWS does not know the import; it keeps imports for 90 days."""

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ImportPage:
        """Without ``table_arn``, the imports into all tables."""
