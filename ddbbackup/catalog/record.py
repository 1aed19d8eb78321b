"""The record: the JSON document beside a backup that describes it, and that a restore needs.

``schemas/record.schema.json`` is the contract; tests hold it and these types together. Readers ignore members that
they do not know.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from ddbbackup.errors import REPORT_BUG, DataIncomplete, StepFailed
from ddbbackup.model.documents import MAX_INTEGER, DocumentType, InvalidDocument, encode_document
from ddbbackup.model.verification_result import VerificationResult, VerifiedSample
from ddbbackup.times import to_utc

RECORD_VERSION: Final = 1
State = Literal["in_progress", "complete", "failed", "not_whole", "expiring"]
Time = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
BackupId = Annotated[str, Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
BackupKind = Literal["full", "window", "snapshot", "scan"]
RestartReason = Literal[
    "first", "unusable", "due", "recreated", "disabled", "gap", "outlived", "broken", "too_early"
]
Level = Literal["listing", "checksums", "items"]
MAX_CHAIN: Final = 10_000  # windows of 15 minutes for a hundred days
Text = Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTable:
    """The table that was backed up. ``id`` is its TableId, which is new for each table of the same name.

    ``description`` is the SHA-256 of a document with the ``Table`` member of DescribeTable at the start of the
    backup; ``item_count`` and ``size_bytes`` are what DescribeTable said then, up to six hours old.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{3,255}\Z")]
    arn: str
    id: str
    account: str
    region: str
    description: Sha256 | None = None
    item_count: Count | None = None
    size_bytes: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDestination:
    """Where the backup was written, and how it is encrypted."""

    bucket: str
    prefix: str
    bucket_owner: str | None = None
    sse_algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCoverage:
    """Which state of the table the data shows.

    ``instant``: its state at one time, ``start`` and ``end`` are equal. ``window``: the changes from ``start``,
    inclusive, to ``end``, exclusive. ``interval``: a state that was read from ``start`` to ``end``; each item is
    as it was at some time between them.
    """

    kind: Literal["instant", "window", "interval"]
    start: Time
    end: Time

    def __post_init__(self) -> None:
        _set_utc(self, "start", "end")
        if self.end < self.start:
            raise ValueError("the coverage ends before it starts")
        if self.kind == "instant" and self.start != self.end:
            raise ValueError("an instant has one time")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedExport:
    """The export of the backup. ``arn`` is None until AWS has accepted it.

    ``requested_time`` is the ExportTime of the request (None: now), kept so that a repeated request is identical.
    """

    arn: str | None = None
    client_token: str
    requested_time: Time | None = None
    ended_at: Time | None = None

    def __post_init__(self) -> None:
        _set_utc(self, "requested_time", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSnapshot:
    """The on-demand backup of DynamoDB. ``arn`` is None until AWS has created it; ``name`` is its BackupName."""

    name: str
    arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScan:
    """The scan of the table. ``export_id`` names the folder of its data below ``AWSDynamoDB/``."""

    export_id: str
    segments: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """Why ``method: incremental`` began a new chain.

    ``first``: there was none. ``due``: by ``full_every``. ``recreated``: the table was deleted and created again.
    ``disabled``: point-in-time recovery was disabled. ``gap``: it had been, and was enabled again after the end of
    the chain. ``outlived``: the end of the chain was older than the recovery window is long. ``broken``: one of its
    backups is missing, damaged or cannot be used. ``too_early``: its full backup was made in the second in which
    recovery was enabled, and windows begin at whole seconds. ``missing_from`` is the end of the chain if changes
    after it may be in no backup.
    """

    reason: RestartReason
    missing_from: Time | None = None

    def __post_init__(self) -> None:
        _set_utc(self, "missing_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChain:
    """The backups that a restore of this one needs: the base first, this one last.

    ``base`` is a backup of the whole table, ``previous`` the backup that this window follows. ``restarted`` is the
    same for all backups of a chain; None for a backup that begins no chain.
    """

    base: BackupId
    previous: BackupId | None = None
    needs: Annotated[tuple[BackupId, ...], Meta(min_length=1, max_length=MAX_CHAIN)]
    restarted: Restarted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedData:
    """The data in the bucket. ``size_bytes`` is the compressed size of all data files.

    ``manifest_key`` is the key of ``manifest-summary.json`` below the root of the destination. ``view`` says which
    images the lines of a window have.
    """

    format: Literal["DYNAMODB_JSON", "ION"] = "DYNAMODB_JSON"
    view: Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"] | None = None
    manifest_key: str | None = None
    item_count: Count | None = None
    file_count: Count | None = None
    size_bytes: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedVerification:
    """What a verification has proven or found; see ``verify.record_result`` for which one it is.

    ``checks`` lists what was verified, ``notes`` what could not be. ``sample``: what was verified of a part of the
    data files, beyond ``level``.

    ``level`` is ``listing`` (every object is there), ``checksums`` (and has the content that AWS wrote) or ``items``
    (and every item is valid).
    """

    level: Level
    at: Time
    result: Literal["ok", "damaged"]
    sample: VerifiedSample | None = None
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _set_utc(self, "at")

    @property
    def outcome(self) -> VerificationResult:
        """Without its details."""
        return VerificationResult(self.level, self.at, self.result, self.sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFailure:
    """Why the backup failed. ``code`` is the failure code of AWS, if it reported one."""

    code: str | None = None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One backup of one table.

    ``attempt`` counts the backups of this table that the run has started. Exactly one of ``export``, ``snapshot`` and
    ``scan`` is set, as ``made_by`` says. ``covers`` is None until it is known. ``settings`` is the SHA-256 of a
    document with what DescribeTable does not show; None until they have been read. Times are in UTC, whatever offset
    the document has.
    """

    record_version: Literal[1]
    id: BackupId
    plan: Text
    run: Text
    attempt: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    state: State
    started_at: Time
    completed_at: Time | None = None
    made_by: Literal["export", "snapshot", "scan"]
    covers: RecordedCoverage | None = None
    table: RecordedTable
    settings: Sha256 | None = None
    destination: RecordedDestination
    export: RecordedExport | None = None
    snapshot: RecordedSnapshot | None = None
    scan: RecordedScan | None = None
    chain: RecordedChain
    data: RecordedData = field(default_factory=RecordedData)
    verified: RecordedVerification | None = None
    failure: RecordedFailure | None = None

    def __post_init__(self) -> None:
        _set_utc(self, "started_at", "completed_at")
        made = {"export": self.export, "snapshot": self.snapshot, "scan": self.scan}
        if [name for name, each in made.items() if each is not None] != [self.made_by]:
            raise ValueError("made_by names another member than the one that is set")

    @property
    def kind(self) -> BackupKind:
        if self.made_by != "export":
            return self.made_by
        return "window" if self.covers is not None and self.covers.kind == "window" else "full"

    @property
    def time(self) -> datetime | None:
        """The instant that the data reaches; None until it is known."""
        return self.covers.end if self.covers is not None else None

    @property
    def holds_all_until(self) -> datetime | None:
        """Whatever was written before this time is in the backup. Of an interval that is its start."""
        if self.covers is not None and self.covers.kind == "interval":
            return self.covers.start
        return self.time

    @property
    def export_arn(self) -> str | None:
        return self.export.arn if self.export is not None else None

    @property
    def job_arn(self) -> str | None:
        """What AWS runs for this backup; None until it has accepted it, and for a scan."""
        return self.snapshot.arn if self.snapshot is not None else self.export_arn

    @property
    def ids_time(self) -> datetime:
        """The instant in the ID: the one that the data reaches, as far as it is known when the record is written."""
        if self.covers is not None and self.covers.kind == "window":
            return self.covers.end
        requested = self.export.requested_time if self.export is not None else None
        return requested or self.started_at

    def to_json(self) -> bytes:
        """The document. Raises ``StepFailed`` if the description or a setting has no form in JSON."""
        try:
            return encode_document(self)
        except InvalidDocument as error:
            raise StepFailed(
                f"the record {self.id} cannot be written as JSON: {error}", hint=REPORT_BUG
            ) from error


_RECORDS: Final = DocumentType(Record)


def parse_record(body: bytes, *, where: str) -> Record:
    """Raises ``DataIncomplete`` for a document that is not a valid record; ``where`` names it in the message."""
    try:
        return _RECORDS.decode(body)
    except InvalidDocument as error:
        raise DataIncomplete(
            f"{where} is not a valid record: {error}",
            hint="restore the version of this object from before the change, and find out who changed it",
        ) from error


def new_backup_id(reaches: datetime, *, plan: str, table_arn: str, run: str, attempt: int) -> str:
    """``20261123T140000Z-<8 hex>``: sorts by the instant that the data reaches.

    The hex part depends only on the attempt of the run.
    """
    digest = attempt_digest(plan=plan, table_arn=table_arn, run=run, attempt=attempt)
    return f"{reaches:%Y%m%dT%H%M%SZ}-{digest}"


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
