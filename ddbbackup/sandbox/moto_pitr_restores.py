"""RestoreTableToPointInTime: takes time, and does not restore the settings that AWS does not restore."""

from __future__ import annotations

import copy
import random
import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_changes import fill, items_at
from ddbbackup.sandbox.moto_jobs import Timers, answered, overlay, plain_times
from ddbbackup.sandbox.moto_tables import table_state
from ddbbackup.sandbox.pitr_restore_rules import check_region, check_shape, restored_time
from ddbbackup.sandbox.sandbox_clock import CLOCK


class MotoPitrRestores:
    """All point-in-time restores of the sandbox, as the ARNs of the new tables in the order of their start."""

    def __init__(self, restore_seconds: tuple[float, float]) -> None:
        self.restore_seconds = restore_seconds
        self.started: list[str] = []
        self._lock = threading.Lock()
        self.timers = Timers()

    def install(self) -> None:
        """Replaces moto's handler."""
        restores = self

        def start(handler: DynamoHandler) -> ActionResult:
            return answered(lambda: restores.start(handler))

        setattr(DynamoHandler, "restore_table_to_point_in_time", start)  # noqa: B010 - mypy rejects an assignment to a method

    def close(self) -> None:
        self.timers.close()

    def start(self, handler: DynamoHandler) -> dict[str, Any]:
        request, backend = plain_times(handler.body), handler.dynamodb_backend
        check_shape(request)
        region = check_region(request, here=backend.region_name)
        sources = dynamodb_backends[backend.account_id][region]
        arn = Arn.parse(request["SourceTableArn"]) if request.get("SourceTableArn") else None
        name = arn.table_name if arn else str(request["SourceTableName"])
        if arn and arn.account != backend.account_id:
            raise AwsError("ValidationException", "The source table must be in the caller's account")
        with self._lock:
            source = sources.tables.get(name)
            if source is None:
                raise AwsError("TableNotFoundException", f"Table not found: {name}")
            pitr = sources.describe_continuous_backups(name)["PointInTimeRecoveryDescription"]
            moment = restored_time(request, pitr, name, CLOCK.now())
            target = str(request["TargetTableName"])
            if target in backend.tables:
                busy = overlay(backend.tables[target]).restore is not None
                code = "TableInUseException" if busy else "TableAlreadyExistsException"
                raise AwsError(code, f"Table already exists: {target}")
            table = _copy(source, target, backend, request)
            fill(table, items_at(source, moment))
            overlay(table).status = "CREATING"
            overlay(table).restore = {
                "SourceTableArn": source.table_arn,
                "RestoreDateTime": moment,
                "RestoreInProgress": True,
            }
            self.started.append(table.table_arn)
        seconds = random.uniform(*self.restore_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self.timers.after(seconds, _finish, table, held=True)
        return table.describe()


def _finish(table: Table) -> None:
    """After the restore, the description has no restore summary any more (observed on AWS)."""
    overlay(table).restore = None
    overlay(table).status = "ACTIVE"


def _copy(source: Table, name: str, backend: DynamoDBBackend, request: dict[str, Any]) -> Table:
    """Restores keys, indexes, billing, limits, and SSE; not stream, TTL, PITR, tags, protection and class."""
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
    table_state(table).limits = copy.deepcopy(table_state(source).limits)
    table_state(table).vectors = copy.deepcopy(table_state(source).vectors)
    return table
