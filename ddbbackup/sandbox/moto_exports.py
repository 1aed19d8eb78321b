"""Puts our exports in the place of moto's: the only file that knows moto's inside (its version is held)."""

from __future__ import annotations

import base64
import json
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import s3_backends

from ddbbackup.sandbox.export_files import write_export
from ddbbackup.sandbox.export_rules import (
    AwsError,
    ExportState,
    check_new,
    check_quota,
    describe,
    latest_restorable,
    page,
    replayed,
)

_ORIGINAL_DESCRIBE: Final = Table.describe
_ORIGINAL_PITR: Final = DynamoDBBackend.describe_continuous_backups


class MotoExports:
    """All exports of one sandbox, in the order of their start."""

    def __init__(self, export_seconds: tuple[float, float]) -> None:
        self.export_seconds = export_seconds
        self.started: list[ExportState] = []
        self.before_completed: Callable[[ExportState], None] | None = None  # for tests that damage exports
        self._lock = threading.Lock()
        self._timers: list[threading.Timer] = []

    def install(self) -> None:
        """From now on moto's handlers answer from here."""
        exports = self

        def start(handler: DynamoHandler) -> ActionResult:
            return _answer(lambda: {"ExportDescription": exports.start(handler)})

        def described(handler: DynamoHandler) -> ActionResult:
            return _answer(lambda: {"ExportDescription": exports.describe(handler.body["ExportArn"])})

        def listed(handler: DynamoHandler) -> ActionResult:
            return _answer(lambda: exports.page(handler))

        for owner, name, ours in (
            (DynamoHandler, "export_table_to_point_in_time", start),
            (DynamoHandler, "describe_export", described),
            (DynamoHandler, "list_exports", listed),
            (DynamoDBBackend, "describe_continuous_backups", _with_window),
            (Table, "describe", _with_table_id),
        ):
            setattr(owner, name, ours)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = _plain_times(handler.body), handler.dynamodb_backend
        with self._lock:
            table = _table(backend, str(request.get("TableArn")))
            again = replayed(self.started, request)
            if again is not None:
                return describe(again)
            now = time.time()
            pitr = backend.describe_continuous_backups(table.name)["PointInTimeRecoveryDescription"]
            export_time = check_new(request, pitr, table.name, now)
            check_quota(self.started)
            name = f"0{int(now * 1000):013d}-{secrets.token_hex(4)}"
            export = ExportState(
                arn=f"{table.table_arn}/export/{name}",
                request=request,
                table_arn=table.table_arn,
                table_id=table_id(table),
                export_time=float(int(export_time)),
                start_time=now,
            )
            self.started.append(export)
        lines = [line_of(item) for item in table.all_items()]
        timer = threading.Timer(
            random.uniform(*self.export_seconds),  # noqa: S311  # emulates AWS's own irregularity
            self._end,
            (export, lines, backend.account_id, backend.partition),
        )
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
        return describe(export)

    def describe(self, arn: str) -> dict[str, Any]:
        for export in self.started:
            if export.arn == arn:
                return describe(export)
        raise AwsError("ExportNotFoundException", f"Export not found: {arn}")

    def page(self, handler: DynamoHandler) -> dict[str, Any]:
        arn = handler.body.get("TableArn")
        tables = handler.dynamodb_backend.tables.values()
        # AWS forgets the exports of a table that was deleted or made anew, when asked by its ARN.
        ids = {table_id(table) for table in tables if arn in (None, table.table_arn)}
        return page([e for e in self.started if arn is None or e.table_id in ids], handler.body)

    def _end(self, export: ExportState, lines: list[bytes], account: str, partition: str) -> None:
        wish = export.request
        backend = s3_backends[account][partition]
        bucket = wish["S3Bucket"]
        failure = None
        if bucket not in backend.buckets:
            failure = ("S3NoSuchBucket", "The specified bucket does not exist")
        elif wish.get("S3BucketOwner") not in (None, account):
            failure = ("S3AccessDenied", f"Access denied for {account} to the bucket of another owner")
        if failure is not None:
            export.end_time, export.failure = time.time(), failure
            export.status = "FAILED"
            return

        def put(key: str, body: bytes) -> None:
            backend.put_object(bucket, key, body)

        put(export.root + "_started", b"")
        write_export(export, lines, put)
        if self.before_completed is not None:
            self.before_completed(export)
        export.status = "FAILED" if export.failure else "COMPLETED"


def _plain_times(request: dict[str, Any]) -> dict[str, Any]:
    """moto hands times out as datetimes."""
    return {
        name: value.timestamp() if isinstance(value, datetime) else value for name, value in request.items()
    }


def table_id(table: Table) -> str:
    """moto's tables have none; AWS's are new for each incarnation of a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{table.table_arn} {table.created_at.isoformat()}"))


def line_of(item: Any) -> bytes:
    """One export line: what was put, as DynamoDB JSON, in UTF-8."""
    plain = {name: _plain(value) for name, value in item.attrs.items()}
    return json.dumps({"Item": plain}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    kind, content = value.type, value.value
    if kind == "M":
        return {kind: {name: _plain(each) for name, each in content.items()}}
    if kind == "L":
        return {kind: [_plain(each) for each in content]}
    if kind == "BS":
        return {kind: [_base64(each) for each in content]}
    return {kind: _base64(content) if kind == "B" else content}


def _base64(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _table(backend: DynamoDBBackend, arn: str) -> Table:
    for table in backend.tables.values():
        if table.table_arn == arn:
            return table
    raise AwsError("TableNotFoundException", f"Table not found: {arn}")


def _answer(make: Callable[[], dict[str, Any]]) -> ActionResult:
    try:
        return ActionResult(make())
    except AwsError as error:
        raise DynamodbException(ERROR_TYPE_PREFIX + error.code, error.message) from error


def _with_window(backend: DynamoDBBackend, table_name: str) -> dict[str, Any]:
    said = _ORIGINAL_PITR(backend, table_name)
    pitr = said["PointInTimeRecoveryDescription"]
    if pitr["PointInTimeRecoveryStatus"] == "ENABLED":
        pitr["LatestRestorableDateTime"] = latest_restorable(
            float(pitr["EarliestRestorableDateTime"]), time.time()
        )
    return said


def _with_table_id(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    said = _ORIGINAL_DESCRIBE(table, base_key)
    said[base_key]["TableId"] = table_id(table)
    return said
