"""RestoreTableToPointInTime on the sandbox: an emulation that takes time and loses what AWS loses.

The items are those of the moment of the call, whatever time is asked for: moto has no history.
"""

from __future__ import annotations

import copy
import random
import threading
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_jobs import Timers, answered, guise, plain_times
from ddbbackup.sandbox.moto_tables import extra
from ddbbackup.sandbox.recovery_rules import check_region, check_shape, restored_time


class MotoRecoveries:
    """All point-in-time restores of one sandbox: the ARNs of the tables that they made, in their order."""

    def __init__(self, recovery_seconds: tuple[float, float]) -> None:
        self.recovery_seconds = recovery_seconds
        self.started: list[str] = []
        self._lock = threading.Lock()
        self.timers = Timers()

    def install(self) -> None:
        """From now on moto's handler answers from here."""
        recoveries = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: recoveries.start(handler))

        setattr(DynamoHandler, "restore_table_to_point_in_time", start)  # noqa: B010 - as for the other jobs

    def close(self) -> None:
        self.timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        check_shape(request)
        region = check_region(request, here=backend.region_name)
        sources = dynamodb_backends[backend.account_id][region]
        name = str(request.get("SourceTableName") or request["SourceTableArn"].rpartition("/")[2])
        arn = request.get("SourceTableArn")
        if arn and arn.split(":")[4] != backend.account_id:
            raise AwsError("ValidationException", "The source table must be in the caller's account")
        with self._lock:
            source = sources.tables.get(name)
            if source is None:
                raise AwsError("TableNotFoundException", f"Table not found: {name}")
            pitr = sources.describe_continuous_backups(name)["PointInTimeRecoveryDescription"]
            moment = restored_time(request, pitr, name, time.time())
            target = str(request["TargetTableName"])
            if target in backend.tables:
                busy = guise(backend.tables[target]).restore is not None
                code = "TableInUseException" if busy else "TableAlreadyExistsException"
                raise AwsError(code, f"Table already exists: {target}")
            table = _copy(source, target, backend, request)
            guise(table).status = "CREATING"
            guise(table).restore = {
                "SourceTableArn": source.table_arn,
                "RestoreDateTime": moment,
                "RestoreInProgress": True,
            }
            self.started.append(table.table_arn)
        seconds = random.uniform(*self.recovery_seconds)  # noqa: S311  # emulates AWS's own irregularity
        self.timers.after(seconds, _finish, table, held=True)
        return table.describe()


def _finish(table: Table) -> None:
    """Nothing tells any more that the table was restored."""
    guise(table).restore = None
    guise(table).status = "ACTIVE"


def _copy(source: Table, name: str, backend: DynamoDBBackend, request: dict[str, Any]) -> Table:
    """Keys, indexes, billing, limits, SSE and items; no stream, TTL, recovery, tags, protection or class."""
    mode = request.get("BillingModeOverride") or source.billing_mode or "PROVISIONED"
    table = backend.create_table(
        name=name,
        schema=copy.deepcopy(source.schema),
        throughput=copy.deepcopy(source.throughput) if mode == "PROVISIONED" else None,
        attr=copy.deepcopy(source.attr),
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode=mode,
        sse_specification=request.get("SSESpecificationOverride") or copy.deepcopy(source.sse_specification),
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    table.indexes = copy.deepcopy(source.indexes)
    table.global_indexes = copy.deepcopy(source.global_indexes)
    table.items = copy.deepcopy(source.items)
    extra(table).limits = copy.deepcopy(extra(source).limits)
    extra(table).vectors = copy.deepcopy(extra(source).vectors)
    return table
