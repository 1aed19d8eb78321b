"""The record: the JSON document beside a backup that holds what a restore needs when all else is gone.

``schemas/record.schema.json`` is its promise. Readers ignore members that they do not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ddbbackup.catalog.reading import ObservedSetting
from ddbbackup.times import from_iso, to_iso

RECORD_VERSION = 1
State = Literal["in_progress", "complete", "failed", "not_whole"]


@dataclass(frozen=True, slots=True)
class Record:
    """One backup of one table, at one moment of its life.

    ``requested_export_time`` is what the export was asked for (``None``: now); it is frozen here so that a
    repeated start sends the same parameters. ``export_time`` is the instant whose data the backup holds.
    ``settings`` are what ``description`` does not say, by name; ``None`` until they have been read.
    """

    id: str
    plan: str
    run: str
    attempt: int
    kind: Literal["full", "incremental", "scan"]
    state: State
    table: str
    table_arn: str
    table_id: str
    account: str
    region: str
    started_at: datetime
    bucket: str
    prefix: str
    client_token: str
    bucket_owner: str | None = None
    sse_algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None
    requested_export_time: datetime | None = None
    export_arn: str | None = None
    export_time: datetime | None = None
    export_ended_at: datetime | None = None
    format: str = "DYNAMODB_JSON"
    manifest_key: str | None = None
    item_count: int | None = None
    file_count: int | None = None
    size_bytes: int | None = None
    completed_at: datetime | None = None
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failure_code: str | None = None
    failure_message: str | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, ObservedSetting] | None = None

    def to_json(self) -> bytes:
        """The document as it lies in the bucket: UTF-8, indented, so that a person can read it."""
        export = {
            "arn": self.export_arn,
            "client_token": self.client_token,
            "requested_time": to_iso(self.requested_export_time),
            "time": to_iso(self.export_time),
            "ended_at": to_iso(self.export_ended_at),
            "format": self.format,
            "manifest_key": self.manifest_key,
        }
        failure = None
        if self.failure_message is not None:
            failure = {"code": self.failure_code, "message": self.failure_message}
        document = {
            "record_version": RECORD_VERSION,
            "id": self.id,
            "plan": self.plan,
            "run": self.run,
            "attempt": self.attempt,
            "kind": self.kind,
            "state": self.state,
            "started_at": to_iso(self.started_at),
            "completed_at": to_iso(self.completed_at),
            "table": {
                "name": self.table,
                "arn": self.table_arn,
                "id": self.table_id,
                "account": self.account,
                "region": self.region,
            },
            "destination": {
                "bucket": self.bucket,
                "prefix": self.prefix,
                "bucket_owner": self.bucket_owner,
                "sse_algorithm": self.sse_algorithm,
                "kms_key_id": self.kms_key_id,
            },
            "export": export,
            "data": {
                "item_count": self.item_count,
                "file_count": self.file_count,
                "size_bytes": self.size_bytes,
            },
            "verification": {"checks": list(self.checks), "notes": list(self.notes)},
            "failure": failure,
            "description": dict(self.description),
            "settings": _readings(self.settings),
        }
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Record:
        """``document`` has passed the record schema."""
        table, destination, export = document["table"], document["destination"], document["export"]
        data, failure = document.get("data") or {}, document.get("failure") or {}
        verification = document.get("verification") or {}
        return cls(
            id=document["id"],
            plan=document["plan"],
            run=document["run"],
            attempt=document["attempt"],
            kind=document["kind"],
            state=document["state"],
            table=table["name"],
            table_arn=table["arn"],
            table_id=table["id"],
            account=table["account"],
            region=table["region"],
            started_at=from_iso(document["started_at"]),
            bucket=destination["bucket"],
            prefix=destination["prefix"],
            client_token=export["client_token"],
            bucket_owner=destination.get("bucket_owner"),
            sse_algorithm=destination.get("sse_algorithm") or "AES256",
            kms_key_id=destination.get("kms_key_id"),
            requested_export_time=from_iso(export.get("requested_time")),
            export_arn=export.get("arn"),
            export_time=from_iso(export.get("time")),
            export_ended_at=from_iso(export.get("ended_at")),
            format=export.get("format") or "DYNAMODB_JSON",
            manifest_key=export.get("manifest_key"),
            item_count=data.get("item_count"),
            file_count=data.get("file_count"),
            size_bytes=data.get("size_bytes"),
            completed_at=from_iso(document.get("completed_at")),
            checks=tuple(verification.get("checks") or ()),
            notes=tuple(verification.get("notes") or ()),
            failure_code=failure.get("code"),
            failure_message=failure.get("message"),
            description=document.get("description") or {},
            settings=_settings(document.get("settings")),
        )


def _readings(settings: Mapping[str, ObservedSetting] | None) -> dict[str, Any] | None:
    return None if settings is None else {name: each.to_document() for name, each in settings.items()}


def _settings(document: Mapping[str, Any] | None) -> Mapping[str, ObservedSetting] | None:
    return (
        None if document is None else {n: ObservedSetting.from_document(each) for n, each in document.items()}
    )


def new_backup_id(started_at: datetime, *, plan: str, table_arn: str, run: str, attempt: int) -> str:
    """``20261123T140000Z-<8 hex>``: sorts by time; the hex part is the same for the same attempt of a run."""
    digest = attempt_digest(plan=plan, table_arn=table_arn, run=run, attempt=attempt)
    return f"{started_at:%Y%m%dT%H%M%SZ}-{digest}"


def attempt_digest(*, plan: str, table_arn: str, run: str, attempt: int) -> str:
    """The 8 hex digits of a backup id, which tell the attempts of all runs at one table apart."""
    return _digest(plan, table_arn, run, str(attempt))[:8]


def derive_client_token(*, plan: str, table_arn: str, table_id: str, run: str, attempt: int) -> str:
    """The same token for the same attempt of a run, so that AWS starts (and bills) one export only."""
    return f"ddbbackup-{_digest(plan, table_arn, table_id, run, str(attempt))[:40]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
