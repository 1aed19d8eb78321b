"""StartBulkPutItems, which moto does not have. Not observed on AWS yet: it follows botocore's model."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.bulk_put_rules import BulkPutState, check_new, describe, find_replayed, page
from ddbbackup.sandbox.moto_buckets import S3Refusal
from ddbbackup.sandbox.moto_jobs import (
    Bucket,
    Timers,
    answered,
    failure_of,
    find_bucket,
    lines_of,
    new_job_id,
    plain_times,
    put_line,
    requested_encryption,
    table_id,
)
from ddbbackup.sandbox.moto_tables import indexes_being_added, table_state
from ddbbackup.sandbox.sandbox_clock import CLOCK


class MotoBulkPuts:
    """All bulk puts of the sandbox, in the order of their start.

    For tests: a line for which ``withholds`` returns True counts as withheld by a condition.
    """

    def __init__(self, bulk_put_seconds: tuple[float, float]) -> None:
        self.bulk_put_seconds = bulk_put_seconds
        self.started: list[BulkPutState] = []
        self.withholds: Callable[[bytes], bool] | None = None
        self._lock = threading.Lock()
        self.timers = Timers()

    def install(self) -> None:
        """Replaces moto's handlers."""
        jobs = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"BulkOperationDescription": jobs.start(handler)})

        def describe_one(handler: DynamoHandler) -> ActionResult:
            arn = handler.body["BulkOperationArn"]
            return answered(lambda: {"BulkOperationDescription": describe(jobs.find(arn))})

        def list_all(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: page(jobs.started, handler.body))

        def cancel(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: jobs.cancel(handler.body["BulkOperationArn"]))

        for name, handler in (
            ("start_bulk_put_items", start),
            ("describe_bulk_operation", describe_one),
            ("list_bulk_operations", list_all),
            ("cancel_bulk_operation", cancel),
        ):
            setattr(DynamoHandler, name, handler)

    def close(self) -> None:
        self.timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        with self._lock:
            earlier = find_replayed(self.started, request)
            if earlier is not None:
                return describe(earlier)
            check_new(request)
            table = _table(backend, str(request["TableName"]))
            _check_idle(table)
            account, now = backend.account_id, CLOCK.now()
            state = BulkPutState(
                arn=str(Arn.parse(table.table_arn).below("bulk-operation", new_job_id(now))),
                request=request,
                table_name=table.name,
                table_id=table_id(table),
                start_time=now,
            )
            self.started.append(state)
        seconds = random.uniform(*self.bulk_put_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self.timers.after(seconds / 2, self._load, state, table, account, seconds)
        return describe(state)

    def find(self, arn: str) -> BulkPutState:
        for state in self.started:
            if state.arn == arn:
                return state
        raise AwsError("ResourceNotFoundException", f"Bulk operation not found: {arn}")

    def cancel(self, arn: str) -> dict[str, Any]:
        """Items that were written stay."""
        state = self.find(arn)
        if state.status == "IN_PROGRESS":
            state.status = "CANCELLING"
        return {"BulkOperationArn": arn, "BulkOperationStatus": state.status}

    def _load(self, state: BulkPutState, table: Table, account: str, seconds: float) -> None:
        """Puts the first half of the objects, so that a job can be cancelled before the second."""
        source = state.request["InputS3Configuration"]
        bucket = find_bucket(source["S3Bucket"], owner=source.get("S3BucketOwner"), account=account)
        if isinstance(bucket, tuple):
            _fail(state, bucket)
            return
        prefix = source.get("S3KeyPrefix", "")
        state.total_bytes = sum(bucket.sizes(prefix))
        try:
            objects = list(bucket.objects(prefix))
        except S3Refusal as refusal:
            _fail(state, failure_of(refusal))
            return
        half = len(objects) // 2
        self._put(state, table, objects[:half])
        self.timers.after(seconds / 2, self._finish, state, table, account, objects[half:], held=True)

    def _put(self, state: BulkPutState, table: Table, objects: list[tuple[str, bytes]]) -> None:
        compression = state.request["InputS3Configuration"].get("InputCompressionType", "NONE")
        for key, body in objects:
            state.processed_bytes += len(body)
            try:
                for line in lines_of(body, compression):
                    state.processed_items += 1
                    self._put_line(state, table, line)
            except ValueError:  # a line that is not JSON ends its object
                state.failed_items += 1
                state.reports.setdefault("ERROR", []).append(json.dumps({"object": key}).encode())

    def _put_line(self, state: BulkPutState, table: Table, line: bytes) -> None:
        if self.withholds is not None and self.withholds(line):
            state.reports.setdefault("CONDITION_CHECK_FAILURE", []).append(line)
            return
        try:
            put_line(table, line)
        except KeyError:
            state.failed_items += 1
            state.reports.setdefault("ERROR", []).append(line)

    def _finish(
        self, state: BulkPutState, table: Table, account: str, objects: list[tuple[str, bytes]]
    ) -> None:
        if state.status == "CANCELLING":
            state.end_time, state.status = CLOCK.now(), "CANCELLED"
            state.failure = ("Cancelled", "The operation was cancelled by the caller")
            return
        self._put(state, table, objects)
        output = state.request["OutputS3Configuration"]
        bucket = find_bucket(output["S3Bucket"], owner=output.get("S3BucketOwner"), account=account)
        if isinstance(bucket, Bucket):
            try:
                _report(state, bucket, output.get("S3KeyPrefix", ""))
            except S3Refusal as refusal:
                _fail(state, failure_of(refusal))
                return
        state.end_time = CLOCK.now()
        state.status = "COMPLETED_WITH_ERRORS" if state.failed_items else "COMPLETED"


def _fail(state: BulkPutState, failure: tuple[str, str]) -> None:
    state.end_time, state.failure, state.status = CLOCK.now(), failure, "FAILED"


def _report(state: BulkPutState, bucket: Bucket, prefix: str) -> None:
    """Writes a manifest, and a gzipped file for each kind of report that was requested and has records."""
    root = f"{prefix}{Arn.parse(state.arn).resource_id}/"
    output = state.request["OutputS3Configuration"]
    kinds, put = output["OutputType"], partial(bucket.put, encryption=requested_encryption(output))
    for kind, lines in state.reports.items():
        if kind in kinds:
            put(f"{root}{kind.lower()}/0.json.gz", gzip.compress(b"\n".join(lines) + b"\n"))
    put(f"{root}manifest.json", json.dumps({"reports": sorted(state.reports)}).encode())


def _check_idle(table: Table) -> None:
    """DynamoDB guide: Bulk put items, Considerations."""
    if table_state(table).replicas:
        raise AwsError("ValidationException", "The sandbox: bulk puts do not support global tables")
    if indexes_being_added(table):
        raise AwsError("ResourceInUseException", f"The sandbox: an index of {table.name} is being created")


def _table(backend: DynamoDBBackend, name: str) -> Table:
    arn = Arn.parse_if_arn(name)
    table = backend.tables.get(arn.table_name if arn else name)
    if table is None:
        raise AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    return table
