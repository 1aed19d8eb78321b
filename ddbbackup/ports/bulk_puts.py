"""DynamoDB's bulk put of S3 objects into an existing table (StartBulkPutItems, released in November 2026)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

BulkPutStatus = Literal[
    "IN_PROGRESS", "COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELLING", "CANCELLED", "FAILED"
]
MIN_WRITE_UNITS: Final = 1024  # the minimum of MaxWriteRequestUnits (botocore's model)


@dataclass(frozen=True, slots=True)
class BulkPutRequest:
    """The parameters of one ``StartBulkPutItems`` with gzipped DynamoDB JSON.

    AWS reads all objects below ``prefix`` and writes its reports below ``report_prefix``, which belongs to this job
    alone and is not below ``prefix``. Both kinds of reports are always requested.
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
    """The response of ``DescribeBulkOperation``.

    ``processed_items`` counts items that were written, that failed, and that a condition withheld; ``failed_items``
    does not count the last ones (botocore's model). ``total_bytes`` is None until AWS knows the size of its input.
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
    """One element of ``ListBulkOperations``, which does not name the table."""

    arn: str
    status: BulkPutStatus
    start_time: datetime | None


@dataclass(frozen=True, slots=True)
class BulkPutPage:
    """One page of ``ListBulkOperations``, newest first."""

    summaries: tuple[BulkPutSummary, ...]
    next_token: str | None


class BulkPuts(Protocol):
    """Bulk operations of one account and region."""

    @property
    def available(self) -> bool:
        """Whether the installed SDK has the operation (botocore 1.43.124 and newer)."""

    def start(self, request: BulkPutRequest) -> BulkPut:
        """Idempotent by ``client_token`` for 8 hours (botocore's model).

        Raises ``Refused`` if the SDK does not have the operation and for invalid parameters, ``TableMissing``,
        ``InUse`` if the table cannot accept the operation now, and ``Conflict`` if the token was used with other
        parameters.
        """

    def describe(self, arn: str) -> BulkPut:
        """Raises ``Refused`` if the bulk put does not exist."""

    def page(self, *, next_token: str | None = None) -> BulkPutPage: ...

    def cancel(self, arn: str) -> None:
        """Cancels the job. Items that it has written stay. Raises ``Refused`` if the bulk put does not exist."""
