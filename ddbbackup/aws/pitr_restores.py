"""RestoreTableToPointInTime."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from ddbbackup.aws.error_map import explained
from ddbbackup.ports import Recovery, RecoveryRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRecoveries:
    """Implements ``ports.Recoveries``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: RecoveryRequest) -> Recovery:
        with explained(f"restore {request.source_arn} to a point in time"):
            answer = self._client.restore_table_to_point_in_time(**_parameters(request))
        table = answer["TableDescription"]
        time = table.get("RestoreSummary", {}).get("RestoreDateTime")
        return Recovery(
            table_arn=table["TableArn"],
            table_id=table.get("TableId", ""),
            time=time.astimezone(UTC) if time is not None else None,
        )


def _parameters(request: RecoveryRequest) -> dict[str, Any]:
    """An ARN as the source, for a name is not found across regions; never an empty override (observed on AWS)."""
    wish: dict[str, Any] = {"SourceTableArn": request.source_arn, "TargetTableName": request.target}
    if request.time is None:
        wish["UseLatestRestorableTime"] = True
    else:
        wish["RestoreDateTime"] = request.time.replace(microsecond=0)
    if request.billing_mode is not None:
        wish["BillingModeOverride"] = request.billing_mode
    if request.sse is not None:
        wish["SSESpecificationOverride"] = dict(request.sse)
    return wish
