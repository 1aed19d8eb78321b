"""ExportTableToPointInTime, in place of moto's. All ``moto_*`` modules depend on moto's internals."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.export_files import write_export
from ddbbackup.sandbox.export_rules import (
    ExportState,
    check_new,
    check_quota,
    describe,
    find_replayed,
    latest_restorable,
    page,
)
from ddbbackup.sandbox.moto_buckets import S3Refusal
from ddbbackup.sandbox.moto_jobs import (
    Timers,
    answered,
    describe_table,
    failure_of,
    find_bucket,
    line_of,
    new_job_id,
    plain_times,
    requested_encryption,
    table_id,
)

_ORIGINAL_PITR: Final = DynamoDBBackend.describe_continuous_backups


class MotoExports:
    """All exports of the sandbox, in the order of their start. A test may add a history.

    For tests: ``before_completed`` is called when the files of an export are written, and may damage them.
    """

    def __init__(self, export_seconds: tuple[float, float]) -> None:
        self.export_seconds = export_seconds
        self.started: list[ExportState] = []
        self.before_completed: Callable[[ExportState], None] | None = None
        self._lock = threading.Lock()
        self._timers = Timers()

    def install(self) -> None:
        """Replaces moto's handlers."""
        exports = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ExportDescription": exports.start(handler)})

        def describe_one(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ExportDescription": exports.describe(handler.body["ExportArn"])})

        def list_all(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: exports.page(handler))

        for owner, name, replacement in (
            (DynamoHandler, "export_table_to_point_in_time", start),
            (DynamoHandler, "describe_export", describe_one),
            (DynamoHandler, "list_exports", list_all),
            (DynamoDBBackend, "describe_continuous_backups", _describe_with_window),
            (Table, "describe", describe_table),
        ):
            setattr(owner, name, replacement)

    def close(self) -> None:
        self._timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        with self._lock:
            table = _table(backend, str(request.get("TableArn")))
            earlier = find_replayed(self.started, request)
            if earlier is not None:
                return describe(earlier)
            now = time.time()
            pitr = backend.describe_continuous_backups(table.name)["PointInTimeRecoveryDescription"]
            export_time = check_new(request, pitr, table.name, now)
            check_quota(self.started)
            export = ExportState(
                arn=str(Arn.parse(table.table_arn).below("export", new_job_id(now))),
                request=request,
                table_arn=table.table_arn,
                table_id=table_id(table),
                export_time=float(int(export_time)),
                start_time=now,
            )
            self.started.append(export)
        lines = [line_of(item) for item in table.all_items()]
        seconds = random.uniform(*self.export_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self._timers.after(seconds, self._end, export, lines, backend.account_id)
        return describe(export)

    def describe(self, arn: str) -> dict[str, Any]:
        for export in self.started:
            if export.arn == arn:
                return describe(export)
        raise AwsError("ExportNotFoundException", f"Export not found: {arn}")

    def page(self, handler: DynamoHandler) -> dict[str, Any]:
        arn = handler.body.get("TableArn")
        tables = handler.dynamodb_backend.tables.values()
        # Listed by ARN, AWS does not return exports of a former table with the same name (observed on AWS).
        ids = {table_id(table) for table in tables if arn in (None, table.table_arn)}
        return page([e for e in self.started if arn is None or e.table_id in ids], handler.body)

    def _end(self, export: ExportState, lines: list[bytes], account: str) -> None:
        request = export.request
        bucket = find_bucket(request["S3Bucket"], owner=request.get("S3BucketOwner"), account=account)
        if isinstance(bucket, tuple):
            export.end_time, export.failure = time.time(), bucket
            export.status = "FAILED"
            return
        put = partial(bucket.put, encryption=requested_encryption(request))
        try:
            put(export.root + "_started", b"")
            write_export(export, lines, put)
        except S3Refusal as refusal:
            export.end_time, export.failure = time.time(), failure_of(refusal)
        if self.before_completed is not None:
            self.before_completed(export)
        export.status = "FAILED" if export.failure else "COMPLETED"


def _table(backend: DynamoDBBackend, arn: str) -> Table:
    for table in backend.tables.values():
        if table.table_arn == arn:
            return table
    raise AwsError("TableNotFoundException", f"Table not found: {arn}")


def _describe_with_window(backend: DynamoDBBackend, table_name: str) -> dict[str, Any]:
    response = _ORIGINAL_PITR(backend, table_name)
    pitr = response["PointInTimeRecoveryDescription"]
    if pitr["PointInTimeRecoveryStatus"] == "ENABLED":
        pitr["LatestRestorableDateTime"] = latest_restorable(
            float(pitr["EarliestRestorableDateTime"]), time.time()
        )
    return response
