"""ExportTableToPointInTime, in place of moto's. All ``moto_*`` modules depend on moto's internals."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.change_log import Change
from ddbbackup.sandbox.export_files import ExportLine, write_export
from ddbbackup.sandbox.export_lines import ion_change, ion_item, json_change, json_item
from ddbbackup.sandbox.export_rules import (
    ExportState,
    check_export_time,
    check_quota,
    check_recovery,
    check_request,
    describe,
    find_replayed,
    page,
)
from ddbbackup.sandbox.moto_buckets import S3Refusal
from ddbbackup.sandbox.moto_changes import items_at, items_now, net_changes
from ddbbackup.sandbox.moto_jobs import (
    Timers,
    answered,
    describe_table,
    failure_of,
    find_bucket,
    new_job_id,
    plain_item,
    plain_times,
    requested_encryption,
    table_id,
)
from ddbbackup.sandbox.moto_tables import created_at
from ddbbackup.sandbox.sandbox_clock import CLOCK
from ddbbackup.sandbox.window_rules import Window, check_created, check_extent, requested_window

Content = Sequence[Item] | Sequence[Change[Item]]


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
            check_request(request)
            window = requested_window(request, CLOCK.now())
            export_time, content = _content(backend, table, request, window)
            check_quota(self.started)
            start_time = CLOCK.now() if window or "ExportTime" in request else export_time
            export = ExportState(
                arn=str(Arn.parse(table.table_arn).below("export", new_job_id(start_time))),
                request=request,
                table_arn=table.table_arn,
                table_id=table_id(table),
                export_time=export_time,
                start_time=start_time,
                window=window,
            )
            self.started.append(export)
        seconds = random.uniform(*self.export_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self._timers.after(seconds, self._end, export, content, table, backend.account_id)
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

    def _end(self, export: ExportState, content: Content, table: Table, account: str) -> None:
        request = export.request
        bucket = find_bucket(request["S3Bucket"], owner=request.get("S3BucketOwner"), account=account)
        if isinstance(bucket, tuple):
            export.end_time, export.failure = CLOCK.now(), bucket
            export.status = "FAILED"
            return
        put = partial(bucket.put, encryption=requested_encryption(request))
        try:
            put(export.root + "_started", b"")
            write_export(export, _lines(export, content, table), put, CLOCK.now())
        except S3Refusal as refusal:
            export.end_time, export.failure = CLOCK.now(), failure_of(refusal)
        if self.before_completed is not None:
            self.before_completed(export)
        export.status = "FAILED" if export.failure else "COMPLETED"


def _content(
    backend: DynamoDBBackend, table: Table, request: Mapping[str, Any], window: Window | None
) -> tuple[float, Content]:
    """The export time and the items or changes of a valid request. Raises ``AwsError`` for an invalid one.

    An incremental export has no export time: 0.
    """
    if window is not None:
        check_created(window, created_at(table))
    pitr = backend.describe_continuous_backups(table.name)["PointInTimeRecoveryDescription"]
    check_recovery(pitr, table.name)
    earliest = float(pitr["EarliestRestorableDateTime"])
    if window is not None:
        check_extent(window, earliest=earliest, now=CLOCK.now())
        return 0.0, net_changes(table, window.start, window.end)
    if "ExportTime" not in request:
        return items_now(table)
    check_export_time(request["ExportTime"], earliest=earliest, now=CLOCK.now())
    return request["ExportTime"], items_at(table, request["ExportTime"])


def _lines(export: ExportState, content: Content, table: Table) -> list[ExportLine]:
    return [
        _change_line(export, each, table) if isinstance(each, Change) else _item_line(export, each, table)
        for each in content
    ]


def _item_line(export: ExportState, item: Item, table: Table) -> ExportLine:
    plain = plain_item(item)
    write = ion_item if export.format == "ION" else json_item
    return ExportLine(_partition_key(plain, table), write(plain))


def _change_line(export: ExportState, change: Change[Item], table: Table) -> ExportLine:
    old, new = (plain_item(image) if image is not None else None for image in (change.old, change.new))
    known = new if new is not None else old
    if known is None:
        raise AssertionError("a net change has an image")
    keys = {name: known[name] for name in table.table_key_attrs}
    if export.window is not None and export.window.view == "NEW_IMAGE":
        old = None
    write = ion_change if export.format == "ION" else json_change
    return ExportLine(_partition_key(known, table), write(change.micros, keys, old, new))


def _partition_key(item: Mapping[str, Any], table: Table) -> bytes:
    return repr(item[table.hash_key_attr]).encode()


def _table(backend: DynamoDBBackend, arn: str) -> Table:
    for table in backend.tables.values():
        if table.table_arn == arn:
            return table
    raise AwsError("TableNotFoundException", f"Table not found: {arn}")
