"""The record: the JSON document beside a backup that describes it, and that a restore needs.

``schemas/record.schema.json`` is the contract; tests hold it and these types together. Readers ignore members that
they do not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from ddbbackup.catalog.observed_setting import ObservedSetting
from ddbbackup.errors import REPORT_BUG, DataIncomplete, StepFailed
from ddbbackup.model.documents import MAX_INTEGER, DocumentType, InvalidDocument, encode_document
from ddbbackup.times import to_utc

RECORD_VERSION: Final = 1
State = Literal["in_progress", "complete", "failed", "not_whole"]
Time = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Text = Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTable:
    """The table that was backed up. ``id`` is its TableId, which is new for each table of the same name."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{3,255}\Z")]
    arn: str
    id: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDestination:
    """Where the backup was written, and how it is encrypted."""

    bucket: str
    prefix: str
    bucket_owner: str | None = None
    sse_algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedExport:
    """The export of the backup. ``arn`` is None until AWS has accepted it.

    ``requested_time`` is the ExportTime of the request (None: now), kept so that a repeated request is identical.
    ``time`` is the time of the data. ``manifest_key`` is the key of ``manifest-summary.json`` below the root of
    the destination.
    """

    arn: str | None = None
    client_token: str
    requested_time: Time | None = None
    time: Time | None = None
    ended_at: Time | None = None
    format: str = "DYNAMODB_JSON"
    manifest_key: str | None = None

    def __post_init__(self) -> None:
        _set_utc(self, "requested_time", "time", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedData:
    """The amount of data. ``size_bytes`` is the compressed size of all data files."""

    item_count: Count | None = None
    file_count: Count | None = None
    size_bytes: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedVerification:
    """``checks`` lists what was verified, ``notes`` what could not be."""

    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFailure:
    """Why the backup failed. ``code`` is the failure code of AWS, if it reported one."""

    code: str | None = None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One backup of one table.

    ``description`` is the ``Table`` member of DescribeTable at the start of the backup. ``settings`` holds what it
    does not show, by name; None until they have been read. Times are in UTC, whatever offset the document has.
    """

    record_version: Literal[1]
    id: Annotated[str, Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")]
    plan: Text
    run: Text
    attempt: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    kind: Literal["full", "incremental", "scan"]
    state: State
    started_at: Time
    completed_at: Time | None = None
    table: RecordedTable
    destination: RecordedDestination
    export: RecordedExport
    data: RecordedData = field(default_factory=RecordedData)
    verification: RecordedVerification = field(default_factory=RecordedVerification)
    failure: RecordedFailure | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, ObservedSetting] | None = None

    def __post_init__(self) -> None:
        _set_utc(self, "started_at", "completed_at")

    def to_json(self) -> bytes:
        """The document. Raises ``StepFailed`` if the description or a setting has no form in JSON."""
        try:
            return encode_document(self)
        except InvalidDocument as error:
            raise StepFailed(
                f"the record {self.id} cannot be written as JSON: {error}",
                hint=REPORT_BUG,
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyElement:
    AttributeName: str
    KeyType: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttributeDefinition:
    AttributeName: str
    AttributeType: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    IndexName: str
    KeySchema: list[_KeyElement]
    Projection: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Description:
    """The members of a description that a restore needs, named as in the DynamoDB API: TableDescription."""

    KeySchema: Annotated[list[_KeyElement], Meta(min_length=1)]
    AttributeDefinitions: list[_AttributeDefinition]
    GlobalSecondaryIndexes: list[_Index] | None = None
    LocalSecondaryIndexes: list[_Index] | None = None
    BillingModeSummary: dict[str, Any] | None = None
    ProvisionedThroughput: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        defined = {each.AttributeName for each in self.AttributeDefinitions}
        if not defined.issuperset(each.AttributeName for each in self.KeySchema):
            raise ValueError("A key attribute is not in AttributeDefinitions")


_RECORDS: Final = DocumentType(Record)
_DESCRIPTIONS: Final = DocumentType(_Description)


def parse_record(body: bytes, *, where: str) -> Record:
    """Raises ``DataIncomplete`` for a document that is not a valid record; ``where`` names it in the message.

    A description is checked here and not in ``Record``, so that an unusual response of AWS cannot prevent a backup.
    """
    try:
        record = _RECORDS.decode(body)
        if record.description:
            _DESCRIPTIONS.check(record.description)
        return record
    except InvalidDocument as error:
        raise DataIncomplete(
            f"{where} is not a valid record: {error}",
            hint="restore the export with `from: {s3_uri: …}`, and find out who changed the record",
        ) from error


def new_backup_id(started_at: datetime, *, plan: str, table_arn: str, run: str, attempt: int) -> str:
    """``20261123T140000Z-<8 hex>``: sorts by time; the hex part depends only on the attempt of the run."""
    digest = attempt_digest(plan=plan, table_arn=table_arn, run=run, attempt=attempt)
    return f"{started_at:%Y%m%dT%H%M%SZ}-{digest}"


def attempt_digest(*, plan: str, table_arn: str, run: str, attempt: int) -> str:
    """The 8 hex digits of a backup id, which identify the attempt of a run at a table."""
    return _digest(plan, table_arn, run, str(attempt))[:8]


def derive_client_token(*, plan: str, table_arn: str, table_id: str, run: str, attempt: int) -> str:
    """The same token for the same attempt of a run, so that AWS starts (and bills) one export only."""
    return f"ddbbackup-{_digest(plan, table_arn, table_id, run, str(attempt))[:40]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _set_utc(document: Any, *members: str) -> None:
    """Raises ``ValueError`` for a time that UTC does not have: 9999-12-31T23:00:00-02:00."""
    for member in members:
        object.__setattr__(document, member, to_utc(getattr(document, member)))
