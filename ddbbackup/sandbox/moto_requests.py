"""What DynamoDB checks before it carries out any request: the time of the signature, bursts, and unknown tables."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.model.aws_texts import DATA_PLANE
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_tables import created_at
from ddbbackup.sandbox.sandbox_clock import CLOCK

_ORIGINAL: Final = DynamoHandler.call_action
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_TOLERANCE: Final = timedelta(minutes=5)


class MotoRequests:
    """``data_plane_lag_seconds``: how long requests for items do not know a new table (on AWS up to 60 s).

    ``bursts`` limits requests of one operation: so many at once, and one more every second.
    """

    def __init__(self, data_plane_lag_seconds: float = 0.0, bursts: Mapping[str, int] | None = None) -> None:
        self.data_plane_lag_seconds = data_plane_lag_seconds
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
        if operation in self.bursts and not self._admits(operation):
            return AwsError("ThrottlingException", "Rate exceeded")
        if self.data_plane_lag_seconds and operation in DATA_PLANE and self._is_unknown(handler):
            return AwsError("ResourceNotFoundException", "Requested resource not found")
        return None

    def _admits(self, operation: str) -> bool:
        now, burst = time.monotonic(), self.bursts[operation]
        left, reckoned_at = self._left.get(operation, (float(burst), now))
        left = min(float(burst), left + now - reckoned_at)
        admitted = left >= 1
        self._left[operation] = (left - 1 if admitted else left, now)
        return admitted

    def _is_unknown(self, handler: DynamoHandler) -> bool:
        parameters = getattr(handler, "params", {})
        names = [parameters["TableName"]] if "TableName" in parameters else parameters.get("RequestItems", {})
        tables = dynamodb_backends[handler.current_account][handler.region].tables
        oldest = CLOCK.now() - self.data_plane_lag_seconds
        return any(name in tables and created_at(tables[name]) > oldest for name in names)


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
