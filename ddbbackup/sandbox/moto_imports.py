"""ImportTable on the sandbox: an emulation in the place of moto's, which corrupts what it reads."""

from __future__ import annotations

import random
import secrets
import threading
import time
import uuid
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.utilities.utils import get_partition

from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.import_rules import ImportState, check_new, describe, page, replayed
from ddbbackup.sandbox.moto_jobs import (
    Bucket,
    Timers,
    answered,
    find_bucket,
    guise,
    lines_of,
    plain_times,
    put_line,
)
from ddbbackup.sandbox.moto_tables import extra

_INVALID: Final = (
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for "
    "more details."
)


class MotoImports:
    """All imports of one sandbox, in the order of their start."""

    def __init__(self, import_seconds: tuple[float, float]) -> None:
        self.import_seconds = import_seconds
        self.started: list[ImportState] = []
        self._lock = threading.Lock()
        self.timers = Timers()

    def install(self) -> None:
        """From now on moto's handlers answer from here."""
        imports = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ImportTableDescription": imports.start(handler)})

        def described(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: {"ImportTableDescription": imports.describe(handler.body["ImportArn"])})

        def listed(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: page(imports.started, handler.body))

        for name, ours in (("import_table", start), ("describe_import", described), ("list_imports", listed)):
            setattr(DynamoHandler, name, ours)

    def close(self) -> None:
        self.timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        """The table is not there yet: AWS shows it some half a minute later."""
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        with self._lock:
            existing = list(backend.tables)
            again = replayed(self.started, request, existing)
            if again is not None:
                return describe(again)
            check_new(request, self.started, existing)
            name = request["TableCreationParameters"]["TableName"]
            region, account = backend.region_name, backend.account_id
            arn = f"arn:{get_partition(region)}:dynamodb:{region}:{account}:table/{name}"
            now = time.time()
            state = ImportState(
                arn=f"{arn}/import/0{int(now * 1000):013d}-{secrets.token_hex(4)}",
                request=request,
                table_arn=arn,
                table_id=str(uuid.uuid4()),
                start_time=now,
            )
            self.started.append(state)
        seconds = random.uniform(*self.import_seconds)  # noqa: S311  # emulates AWS's own irregularity
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
        """A bad line is an error and the rest goes on; one that is no JSON ends its object. The table stays."""
        compression = state.request.get("InputCompressionType", "NONE")
        for _, body in bucket.objects(state.request["S3BucketSource"].get("S3KeyPrefix", "")):
            state.processed_bytes += len(body)
            try:
                for line in lines_of(body, compression):
                    state.processed_items += 1
                    if not _put(table, line):
                        state.errors += 1
                        continue
                    state.imported_items += 1
            except ValueError:
                state.errors += 1
        guise(table).status = "ACTIVE"
        self.timers.after(seconds / 3, self._end, state)

    def _end(self, state: ImportState) -> None:
        """Some seconds after the table is ACTIVE."""
        if state.errors:
            _fail(state, ("ItemValidationError", _INVALID))
            return
        state.end_time = time.time()
        state.status = "COMPLETED"


def _put(table: Table, line: bytes) -> bool:
    try:
        put_line(table, line)
    except KeyError:
        return False
    return True


def _fail(state: ImportState, failure: tuple[str, str]) -> None:
    state.end_time, state.failure = time.time(), failure
    state.status = "FAILED"


def _make_table(state: ImportState, backend: DynamoDBBackend) -> Table:
    wish = state.request["TableCreationParameters"]
    table = backend.create_table(
        name=wish["TableName"],
        schema=wish["KeySchema"],
        throughput=wish.get("ProvisionedThroughput"),
        attr=wish["AttributeDefinitions"],
        global_indexes=wish.get("GlobalSecondaryIndexes"),
        indexes=None,
        streams=None,
        billing_mode=wish.get("BillingMode", "PROVISIONED"),
        sse_specification=wish.get("SSESpecification"),
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    if wish.get("OnDemandThroughput"):
        extra(table).limits[None] = wish["OnDemandThroughput"]
    extra(table).vectors = list(wish.get("VectorIndexes") or ())
    guise(table).id = state.table_id
    guise(table).status = "CREATING"
    return table
