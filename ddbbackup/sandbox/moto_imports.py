"""ImportTable, in place of moto's, which corrupts the items that it imports."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.utilities.utils import get_partition

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.import_rules import (
    ImportState,
    check_new,
    check_source,
    describe,
    find_replayed,
    page,
)
from ddbbackup.sandbox.moto_buckets import S3Refusal
from ddbbackup.sandbox.moto_jobs import (
    Bucket,
    Timers,
    answered,
    failure_of,
    find_bucket,
    lines_of,
    new_job_id,
    overlay,
    plain_times,
    put_line,
)
from ddbbackup.sandbox.moto_tables import add_vectors, keep_warm, table_state
from ddbbackup.sandbox.sandbox_clock import CLOCK

_INVALID: Final = (
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for "
    "more details."
)


class MotoImports:
    """All imports of the sandbox, in the order of their start."""

    def __init__(self, import_seconds: tuple[float, float]) -> None:
        self.import_seconds = import_seconds
        self.started: list[ImportState] = []
        self._lock = threading.Lock()
        self.timers = Timers()

    def install(self) -> None:
        """Replaces moto's handlers."""
        imports = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ImportTableDescription": imports.start(handler)})

        def describe_one(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ImportTableDescription": imports.describe(handler.body["ImportArn"])})

        def list_all(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: page(imports.started, handler.body))

        for name, handler in (
            ("import_table", start),
            ("describe_import", describe_one),
            ("list_imports", list_all),
        ):
            setattr(DynamoHandler, name, handler)

    def close(self) -> None:
        self.timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        """Does not create the table yet: AWS shows it half a minute later (observed on AWS)."""
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        with self._lock:
            existing = list(backend.tables)
            earlier = find_replayed(self.started, request, existing)
            if earlier is not None:
                return describe(earlier)
            check_new(request, self.started, existing)
            sizes = _source_sizes(request["S3BucketSource"], backend)
            check_source(sizes, self.started, backend.region_name)
            name = request["TableCreationParameters"]["TableName"]
            region, account = backend.region_name, backend.account_id
            table = Arn.of_table(name, partition=get_partition(region), region=region, account=account)
            now = CLOCK.now()
            state = ImportState(
                arn=str(table.below("import", new_job_id(now))),
                request=request,
                table_arn=str(table),
                table_id=str(uuid.uuid4()),
                start_time=now,
                source_bytes=sum(sizes),
            )
            self.started.append(state)
        seconds = random.uniform(*self.import_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self.timers.after(seconds / 3, self._create, state, backend, seconds, held=True)
        return describe(state)

    def describe(self, arn: str) -> dict[str, Any]:
        for state in self.started:
            if state.arn == arn:
                return describe(state)
        raise AwsError("ImportNotFoundException", f"Import not found: {arn}")

    def _create(self, state: ImportState, backend: DynamoDBBackend, seconds: float) -> None:
        source = state.request["S3BucketSource"]
        bucket = find_bucket(
            source["S3Bucket"], owner=source.get("S3BucketOwner"), account=backend.account_id
        )
        if isinstance(bucket, tuple):
            _fail(state, bucket)
        elif state.table_name in backend.tables:
            _fail(state, ("TableAlreadyExists", f"Table already exists: {state.table_name}"))
        else:
            table = _make_table(state, backend)
            self.timers.after(seconds / 3, self._load, state, table, bucket, seconds)

    def _load(self, state: ImportState, table: Table, bucket: Bucket, seconds: float) -> None:
        """An invalid line is counted as an error, a line that is not JSON ends its object. The table stays."""
        failure = None
        try:
            self._read(state, table, bucket)
        except S3Refusal as refusal:
            failure = failure_of(refusal)
        overlay(table).status = "ACTIVE"
        self.timers.after(seconds / 3, self._end, state, failure)

    def _read(self, state: ImportState, table: Table, bucket: Bucket) -> None:
        compression = state.request.get("InputCompressionType", "NONE")
        for _, body in bucket.objects(state.request["S3BucketSource"].get("S3KeyPrefix", "")):
            state.processed_bytes += len(body)
            try:
                for line in lines_of(body, compression):
                    state.processed_items += 1
                    if _put(table, line):
                        state.imported_items += 1
                    else:
                        state.errors += 1
            except ValueError:
                state.errors += 1

    def _end(self, state: ImportState, failure: tuple[str, str] | None) -> None:
        """The import ends seconds after the table is ACTIVE (observed on AWS)."""
        if failure is None and state.errors:
            failure = ("ItemValidationError", _INVALID)
        if failure is not None:
            _fail(state, failure)
            return
        state.end_time = CLOCK.now()
        state.status = "COMPLETED"


def _source_sizes(source: dict[str, Any], backend: DynamoDBBackend) -> list[int]:
    """Of the objects; none if the bucket cannot be used, which AWS finds out later."""
    bucket = find_bucket(source["S3Bucket"], owner=source.get("S3BucketOwner"), account=backend.account_id)
    prefix = source.get("S3KeyPrefix", "")
    return [] if isinstance(bucket, tuple) else bucket.sizes(prefix)


def _put(table: Table, line: bytes) -> bool:
    try:
        put_line(table, line)
    except KeyError:
        return False
    return True


def _fail(state: ImportState, failure: tuple[str, str]) -> None:
    state.end_time, state.failure = CLOCK.now(), failure
    state.status = "FAILED"


def _make_table(state: ImportState, backend: DynamoDBBackend) -> Table:
    parameters = state.request["TableCreationParameters"]
    table = backend.create_table(
        name=parameters["TableName"],
        schema=parameters["KeySchema"],
        throughput=parameters.get("ProvisionedThroughput"),
        attr=parameters["AttributeDefinitions"],
        global_indexes=parameters.get("GlobalSecondaryIndexes"),
        indexes=None,
        streams=None,
        billing_mode=parameters.get("BillingMode", "PROVISIONED"),
        sse_specification=parameters.get("SSESpecification"),
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    if parameters.get("OnDemandThroughput"):
        table_state(table).limits[None] = parameters["OnDemandThroughput"]
    add_vectors(table, parameters.get("VectorIndexes") or ())
    keep_warm(table)
    overlay(table).id = state.table_id
    overlay(table).status = "CREATING"
    return table
