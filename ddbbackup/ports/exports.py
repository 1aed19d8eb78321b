"""DynamoDB exports to S3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

EXPORTS_IN_FLIGHT: Final = 300  # of one account and region (DynamoDB guide: Quotas)

ExportStatus = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
ExportType = Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"]
ExportView = Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The parameters of one ``ExportTableToPointInTime``. Fractions of seconds are dropped.

    ``from_time`` (inclusive), ``to_time`` (exclusive) and ``view`` are those of an incremental export.
    """

    table_arn: str
    bucket: str
    client_token: str
    prefix: str | None = None
    bucket_owner: str | None = None
    sse_algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None
    export_time: datetime | None = None
    export_type: ExportType = "FULL_EXPORT"
    from_time: datetime | None = None
    to_time: datetime | None = None
    view: ExportView = "NEW_AND_OLD_IMAGES"


@dataclass(frozen=True, slots=True)
class Export:
    """The response of ``DescribeExport``.

    ``manifest_key`` is a full key in the bucket. ``filtered``: the export holds only a part of the table.
    """

    arn: str
    status: ExportStatus
    table_arn: str
    bucket: str
    table_id: str | None = None
    prefix: str | None = None
    bucket_owner: str | None = None
    sse_algorithm: str | None = None
    kms_key_id: str | None = None
    export_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    export_type: ExportType = "FULL_EXPORT"
    from_time: datetime | None = None
    to_time: datetime | None = None
    view: str | None = None
    format: str = "DYNAMODB_JSON"
    client_token: str | None = None
    manifest_key: str | None = None
    item_count: int | None = None
    billed_size_bytes: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """One element of ``ListExports``."""

    arn: str
    status: ExportStatus
    export_type: ExportType


@dataclass(frozen=True, slots=True)
class ExportPage:
    """One page of ``ListExports``, newest first."""

    summaries: tuple[ExportSummary, ...]
    next_token: str | None


class Exports(Protocol):
    """Exports of one account and region."""

    def start(self, request: ExportRequest) -> Export:
        """Idempotent by ``client_token`` for 8 hours (DynamoDB API: ExportTableToPointInTime).

        Raises ``TableMissing``, ``PitrDisabled``, ``ExportTimeInvalid``, ``Conflict`` if the token was used with
        other parameters, and ``Throttled`` also if too many exports are running.
        """

    def describe(self, export_arn: str) -> Export:
        """Raises ``Refused`` if AWS does not know the export; it keeps exports for 90 days."""

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        """Exports of one table, or of all tables of the account and region."""
