"""What the inside of ddbbackup asks of the world, as Protocols, and the frozen values that cross the border.

``aws`` implements these with boto3, tests and simulations with something smaller. Times are aware UTC
datetimes; sizes are bytes. Any method may raise ``AccessDenied``, ``Unreachable`` or ``Throttled``; what else
it raises is said where it is declared.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

ExportStatus = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
ExportType = Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"]


class Clock(Protocol):
    """Time, so that tests and simulations need not wait for it."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Returns when the event is set or the time is over, whichever comes first."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials belong to: ``GetCallerIdentity``, with the partition taken from its ARN."""

    account: str
    arn: str
    partition: str
    region: str


# ---- tables ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """One element of a key schema, joined with its attribute definition."""

    name: str
    role: Literal["HASH", "RANGE"]
    type: Literal["S", "N", "B"]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What ``DescribeTable`` says; ``description`` is its whole ``Table`` member, JSON-safe (times ISO 8601)."""

    name: str
    arn: str
    table_id: str
    status: str
    keys: tuple[KeyAttribute, ...]
    item_count: int
    size_bytes: int
    description: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PitrWindow:
    """Point-in-time recovery of one table; the times are ``None`` while it is disabled."""

    enabled: bool
    earliest: datetime | None = None
    latest: datetime | None = None
    period_days: int | None = None


class Tables(Protocol):
    """DynamoDB's control plane in one account and region."""

    def names(self) -> Iterator[str]: ...

    def tags(self, table_arn: str) -> Mapping[str, str]: ...

    def arn(self, name: str) -> str:
        """The ARN that a table of this name has here; makes no call beyond the identity."""

    def describe(self, name: str) -> TableFacts:
        """Raises ``TableMissing``."""

    def pitr(self, name: str) -> PitrWindow:
        """Raises ``TableMissing``."""

    def enable_pitr(self, name: str) -> None:
        """Returns once AWS took the change; waits out "Backups are being enabled". Raises ``TableMissing``."""

    def create(self, definition: Mapping[str, Any]) -> None:
        """``definition`` is the CreateTable input. Raises ``Refused`` if the table exists."""

    def delete(self, name: str) -> None:
        """Raises ``TableMissing``; ``Refused`` while deletion protection is on."""

    def holds_items(self, name: str) -> bool:
        """Whether at least one item exists, by a consistent read (``ItemCount`` is hours old)."""


# ---- exports -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The parameters of one ``ExportTableToPointInTime``; times are whole seconds."""

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


@dataclass(frozen=True, slots=True)
class Export:
    """What ``DescribeExport`` says. ``manifest_key`` is absolute from the bucket root."""

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
    """One answer of ``ListExports``, newest export first."""

    summaries: tuple[ExportSummary, ...]
    next_token: str | None


class Exports(Protocol):
    """Exports of one account and region."""

    def start(self, request: ExportRequest) -> Export:
        """Idempotent by ``client_token`` for 8 hours.

        Raises ``TableMissing``, ``PitrDisabled``, ``ExportTimeInvalid``, ``Conflict`` (token reused with
        other parameters) and ``Throttled`` (rate, or the quota of exports in flight).
        """

    def describe(self, export_arn: str) -> Export:
        """Raises ``Refused`` if AWS no longer knows the export."""

    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage: ...


# ---- objects -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What S3 says of one object; ``etag`` is kept with its quotes, as S3 sends it."""

    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None


class ObjectStream(Protocol):
    """The body of one object, chunk by chunk. Iteration raises ``Unreachable`` if the body breaks off."""

    @property
    def size_bytes(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


class Objects(Protocol):
    """S3. ``owner`` is the account that must own the bucket (``ExpectedBucketOwner``)."""

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None: ...

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        """A whole small object. Raises ``ObjectMissing``; ``DataNotWhole`` beyond ``limit_bytes``."""

    def stream(
        self, bucket: str, key: str, *, owner: str | None = None
    ) -> AbstractContextManager[ObjectStream]:
        """Raises ``ObjectMissing``."""

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        owner: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
        kms_key_id: str | None = None,
    ) -> str:
        """Returns the new ETag. Raises ``ObjectMissing`` (no bucket); ``Conflict`` if the condition fails."""

    def keys(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[ObjectFacts]:
        """Raises ``ObjectMissing`` if there is no such bucket."""

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        """Full prefixes one level below ``prefix``, each ending in ``/``."""

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None: ...


# ---- one account and region --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where to work: what a restore target may override of the plan's ``aws`` section."""

    region: str | None = None
    account: str | None = None
    role_arn: str | None = None
    external_id: str | None = None


class Cloud(Protocol):
    """AWS as seen with one set of credentials in one region."""

    @property
    def identity(self) -> Identity:
        """Raises ``AccessDenied`` without credentials or when the account is not the plan's."""

    @property
    def tables(self) -> Tables: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def objects(self) -> Objects: ...

    def at(self, place: Place) -> Cloud:
        """The same, elsewhere."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is; totals are ``None`` while unknown.

    ``table`` is empty where all tables of the run are meant (exports in flight).
    """

    table: str
    phase: Literal["export", "verify", "write"]
    done: int
    total: int | None
    unit: Literal["bytes", "items", "files", "exports"] = "items"
    detail: Mapping[str, Any] = field(default_factory=dict)


class OnProgress(Protocol):
    """Called now and then, from any thread, with the newest state of one table's work."""

    def __call__(self, progress: Progress) -> None: ...


# ---- bulk items --------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What came back for one request; ``status`` 0 is no answer at all, ``body`` then says why."""

    status: int
    body: bytes
    seconds: float


class Wire(Protocol):
    """Many requests at a time to DynamoDB, signed, with bodies and answers as bytes. Not thread-safe."""

    @property
    def in_flight(self) -> int: ...

    def send(self, tag: Any, operation: Literal["BatchWriteItem", "PutItem"], body: bytes) -> None:
        """``tag`` comes back with the answer. Raises ``AccessDenied`` without credentials."""

    def answers(self, seconds: float) -> list[tuple[Any, Answer]]:
        """What has come back; waits up to ``seconds`` for something, less if anything is there."""

    def renew(self) -> bool:
        """Looks for newer credentials; False if there are none."""

    def close(self) -> None:
        """Drops what is in flight."""


class BulkWorld(Protocol):
    """What a transfer worker needs of AWS, wherever it runs; picklable."""

    def objects(self) -> Objects: ...

    def wire(self, table: str) -> Wire:
        """A wire to the table's endpoint as the SDK would resolve it."""
