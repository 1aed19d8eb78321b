"""RestoreTableToPointInTime: takes time, and does not restore the settings that AWS does not restore."""

from __future__ import annotations

import random
import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_changes import items_at
from ddbbackup.sandbox.moto_jobs import Timers, answered, plain_times
from ddbbackup.sandbox.moto_restored_tables import check_target, finish, make_table, restorable
from ddbbackup.sandbox.restore_rules import check_region, check_shape, restored_time
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
        region = check_region(request, request.get("SourceTableArn"), here=backend.region_name)
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
            check_target(backend, str(request["TargetTableName"]))
            summary = {"RestoreDateTime": moment}
            items = items_at(source, moment)
            table = make_table(restorable(source), items, request, backend, summary)
            self.started.append(table.table_arn)
        seconds = random.uniform(*self.restore_seconds)  # noqa: S311  # not for security: AWS jobs differ in duration
        self.timers.after(seconds, finish, table, held=True)
        return table.describe()
