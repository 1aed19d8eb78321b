"""What DynamoDB checks before it carries out any request: the time of the signature, rates, and tables it lacks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.arn import Arn
from ddbbackup.model.aws_texts import DATA_PLANE
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_jobs import overlay
from ddbbackup.sandbox.moto_tables import created_at
from ddbbackup.sandbox.sandbox_clock import CLOCK

_ORIGINAL: Final = DynamoHandler.call_action
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_TOLERANCE: Final = timedelta(minutes=5)
# Requests at once, and then every second: DynamoDB API for the first two, the others observed on AWS.
_RATES: Final = {
    "CreateBackup": (50, 50.0),
    "RestoreTableFromBackup": (10, 10.0),
    "DescribeBackup": (13, 10.0),
    "DeleteBackup": (13, 10.0),
    "ListBackups": (5, 5.0),
}
_NO_RESOURCE: Final = frozenset(
    {
        "TagResource",
        "ListTagsOfResource",
        "UpdateTimeToLive",
        "DescribeTimeToLive",
        "UpdateTable",
        "PutResourcePolicy",
        "GetResourcePolicy",
        "DescribeContributorInsights",
    }
)
_NO_TABLE: Final = frozenset({"UpdateContinuousBackups", "DescribeContinuousBackups", "CreateBackup"})


class MotoRequests:
    """``data_plane_lag_seconds``: how long requests for items do not know a new table (on AWS up to 60 s).

    ``backups_lag_seconds``: how long a new table has no backups, neither continuous nor on demand (on AWS up to 6 s).
    ``bursts`` limits requests of one operation: so many at once, and one more every second.
    """

    def __init__(self, data_plane_lag_seconds: float = 0.0, bursts: Mapping[str, int] | None = None) -> None:
        self.data_plane_lag_seconds = data_plane_lag_seconds
        self.backups_lag_seconds = 0.0
        self.bursts = dict(bursts or {})
        self._left: dict[
            str, tuple[float, float]
        ] = {}  # requests that are allowed now, and when that was reckoned

    def install(self) -> None:
        """Replaces moto's dispatcher of DynamoDB."""

        def call_action(handler: DynamoHandler) -> Any:
            error = self._error(handler)
            if error is None:
                return _ORIGINAL(handler)
            body = {"__type": f"com.amazonaws.dynamodb.v20120810#{error.code}", "message": error.message}
            return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body)

        setattr(DynamoHandler, "call_action", call_action)  # noqa: B010 - mypy rejects an assignment to a method

    def _error(self, handler: DynamoHandler) -> AwsError | None:
        operation = handler._get_action()
        if (message := _wrong_time(handler.headers.get("X-Amz-Date"))) is not None:
            return AwsError("InvalidSignatureException", message)
        if not self._admits(operation):
            return AwsError("ThrottlingException", "Rate exceeded")
        if self.data_plane_lag_seconds and operation in DATA_PLANE and self._is_unknown(handler):
            return AwsError("ResourceNotFoundException", "Requested resource not found")
        table = _named_table(handler)
        if table is None:
            return None
        age = CLOCK.now() - created_at(table)
        if operation in ("CreateBackup", "UpdateContinuousBackups") and age < self.backups_lag_seconds:
            return AwsError(
                "ContinuousBackupsUnavailableException",
                f"Backups are being enabled for the table: {table.name}. Please retry later",
            )
        return _while_restored(operation, table)

    def _admits(self, operation: str) -> bool:
        if operation not in self.bursts and operation not in _RATES:
            return True
        burst, per_second = _RATES.get(operation, (0, 1.0))
        if operation in self.bursts:
            burst, per_second = self.bursts[operation], 1.0
        now = time.monotonic()
        left, reckoned_at = self._left.get(operation, (float(burst), now))
        left = min(float(burst), left + (now - reckoned_at) * per_second)
        admitted = left >= 1
        self._left[operation] = (left - 1 if admitted else left, now)
        return admitted

    def _is_unknown(self, handler: DynamoHandler) -> bool:
        parameters = getattr(handler, "params", {})
        names = [parameters["TableName"]] if "TableName" in parameters else parameters.get("RequestItems", {})
        tables = dynamodb_backends[handler.current_account][handler.region].tables
        oldest = CLOCK.now() - self.data_plane_lag_seconds
        return any(name in tables and created_at(tables[name]) > oldest for name in names)


def _named_table(handler: DynamoHandler) -> Table | None:
    parameters = getattr(handler, "params", {})
    name = str(parameters.get("TableName") or parameters.get("ResourceArn") or "")
    tables = dynamodb_backends[handler.current_account][handler.region].tables
    arn = Arn.parse_if_arn(name)
    return tables.get(arn.table_name if arn else name)


def _while_restored(operation: str, table: Table) -> AwsError | None:
    """While a table is being restored, most requests do not find it, as if it did not exist (observed on AWS)."""
    if overlay(table).restore is None:
        return None
    if operation == "DeleteTable":
        return AwsError("ResourceInUseException", f"The sandbox: table is being restored: {table.name}")
    if operation in _NO_RESOURCE:
        return AwsError(
            "ResourceNotFoundException", f"Requested resource not found: Table: {table.name} not found"
        )
    if operation in _NO_TABLE:
        return AwsError("TableNotFoundException", f"Table not found: {table.name}")
    return None


def _wrong_time(header: str | None) -> str | None:
    """AWS's message about a signature that is more than five minutes old, or of the future."""
    try:
        signed = datetime.strptime(header or "", _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    now = datetime.now(UTC)
    limit = now - _TOLERANCE if signed < now else now + _TOLERANCE
    shown = f"{limit:{_FORMAT}} ({now:{_FORMAT}} {'-' if signed < now else '+'} 5 min.)"
    if signed < now - _TOLERANCE:
        return f"Signature expired: {signed:{_FORMAT}} is now earlier than {shown}"
    if signed > now + _TOLERANCE:
        return f"Signature not yet current: {signed:{_FORMAT}} is still later than {shown}"
    return None
