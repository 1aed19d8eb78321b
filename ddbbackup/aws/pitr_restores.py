"""RestoreTableToPointInTime."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.ports import PitrRestore, PitrRestoreRequest
from ddbbackup.times import to_utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import RestoreTableToPointInTimeInputTypeDef, SSESpecificationTypeDef


class DynamoPitrRestores:
    """Implements ``ports.PitrRestores``."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def start(self, request: PitrRestoreRequest) -> PitrRestore:
        with translate_errors(f"restore {request.source_arn} to a point in time"):
            response = self._client.restore_table_to_point_in_time(**_parameters(request))
        table = response["TableDescription"]
        return PitrRestore(
            table_arn=table["TableArn"],
            table_id=table.get("TableId", ""),
            time=to_utc(table.get("RestoreSummary", {}).get("RestoreDateTime")),
        )


def _parameters(request: PitrRestoreRequest) -> RestoreTableToPointInTimeInputTypeDef:
    """The source is an ARN: AWS does not find a name across regions. No override is ever empty (see the port)."""
    parameters: RestoreTableToPointInTimeInputTypeDef = {
        "SourceTableArn": request.source_arn,
        "TargetTableName": request.target,
    }
    if request.time is None:
        parameters["UseLatestRestorableTime"] = True
    else:
        parameters["RestoreDateTime"] = request.time.replace(microsecond=0)
    if request.billing_mode is not None:
        parameters["BillingModeOverride"] = request.billing_mode
    if request.sse is not None:
        parameters["SSESpecificationOverride"] = cast("SSESpecificationTypeDef", request.sse)
    return parameters
