"""DynamoDB's bulk put of S3 objects into an existing table (StartBulkPutItems, new in November 2026)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

BulkPutStatus = Literal[
    "IN_PROGRESS", "COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELLING", "CANCELLED", "FAILED"
]
LEAST_WRITE_UNITS = 1024  # of MaxWriteRequestUnits (botocore's model)


@dataclass(frozen=True, slots=True)
class BulkPutRequest:
    """The parameters of one ``StartBulkPutItems`` of gzipped DynamoDB JSON.

    ``report_prefix`` is this job's own, outside ``prefix``; both report kinds are always asked for.
    """

    table: str
    bucket: str
    prefix: str
    report_prefix: str
    client_token: str
    bucket_owner: str | None = None
    sse_algorithm: Literal["AES256", "KMS"] | None = None
    kms_key_id: str | None = None
    write_units_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class BulkPut:
    """What ``DescribeBulkOperation`` says.

    ``processed_items`` are those written, failed, and withheld by a condition; ``failed_items`` leaves the last
    ones out (botocore's model). ``total_bytes`` is None until AWS has sized the input.
    """

    arn: str
    status: BulkPutStatus
    client_token: str | None = None
    start_time: datetime | None = None
    processed_items: int = 0
    failed_items: int = 0
    processed_bytes: int = 0
    total_bytes: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None


@dataclass(frozen=True, slots=True)
class BulkPutSummary:
    """One element of ``ListBulkOperations``; it does not name the table."""

    arn: str
    status: BulkPutStatus
    start_time: datetime | None


@dataclass(frozen=True, slots=True)
class BulkPutPage:
    """One answer of ``ListBulkOperations``, newest first."""

    summaries: tuple[BulkPutSummary, ...]
    next_token: str | None


class BulkPuts(Protocol):
    """Bulk operations of one account and region."""

    @property
    def available(self) -> bool:
        """Whether the installed SDK knows the operation (botocore 1.43.124 and newer)."""

    def start(self, request: BulkPutRequest) -> BulkPut:
        """Idempotent by ``client_token`` for 8 hours (botocore's model).

        Raises ``Refused`` without the operation, for parameters that the SDK would let through, and for a
        table that does not take it now; ``TableMissing``, ``Conflict``, ``Throttled``.
        """

    def describe(self, arn: str) -> BulkPut:
        """Raises ``Refused`` if AWS does not know the operation."""

    def page(self, *, next_token: str | None = None) -> BulkPutPage: ...

    def cancel(self, arn: str) -> None:
        """Asks for the end of the job; what it has written stays. Raises ``Refused`` if AWS does not know it."""
