"""The rules of bulk puts, as far as botocore's model shows them.

The layout of the reports is invented, because AWS has not documented it: tests that read reports prove only how
ddbbackup counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

PAGE: Final = 10


@dataclass(slots=True)
class BulkPutState:
    """One bulk put. ``request`` is the request as it was sent."""

    arn: str
    request: Mapping[str, Any]
    table_name: str
    table_id: str
    start_time: float
    status: str = "IN_PROGRESS"
    end_time: float | None = None
    processed_items: int = 0
    failed_items: int = 0
    processed_bytes: int = 0
    total_bytes: int | None = None
    failure: tuple[str, str] | None = None
    reports: dict[str, list[bytes]] = field(default_factory=dict)


def check_new(request: Mapping[str, Any]) -> None:
    """Raises ``AwsError`` for a request that violates the DynamoDB guide or botocore's model."""
    source, output = request["InputS3Configuration"], request["OutputS3Configuration"]
    if source.get("InputFormat") != "DYNAMODB_JSON":
        raise AwsError("ValidationException", "The sandbox emulates bulk puts of DYNAMODB_JSON only")
    if source.get("InputCompressionType", "NONE") not in ("NONE", "GZIP"):
        raise AwsError("ValidationException", "The sandbox emulates bulk puts as NONE or GZIP only")
    if not output.get("OutputType") or not output.get("S3Bucket"):
        raise AwsError("ValidationException", "OutputS3Configuration needs OutputType and S3Bucket")


def find_replayed(jobs: Sequence[BulkPutState], request: Mapping[str, Any]) -> BulkPutState | None:
    """The bulk put of an earlier request with the same token. Raises ``AwsError`` if the parameters differ."""
    token = request.get("ClientToken")
    for each in jobs:
        if token is not None and each.request.get("ClientToken") == token:
            if dict(each.request) == dict(request):
                return each
            raise AwsError(
                "IdempotentParameterMismatchException",
                "The same client token was used with other parameters",
            )
    return None


def describe(state: BulkPutState) -> dict[str, Any]:
    """DescribeBulkOperation. Some members are present only at the end, or once the size of the input is known."""
    request = state.request
    response: dict[str, Any] = {
        "BulkOperationArn": state.arn,
        "BulkOperationStatus": state.status,
        "TableDetails": [{"TableName": state.table_name, "TableId": state.table_id}],
        "ClientToken": request.get("ClientToken"),
        "InputS3Configuration": request["InputS3Configuration"],
        "OutputS3Configuration": request["OutputS3Configuration"],
        "StartTime": state.start_time,
        "ProcessedItemCount": state.processed_items,
        "FailedItemCount": state.failed_items,
        "ProcessedInputBytes": state.processed_bytes,
        "PerformanceTier": request.get("PerformanceTier", "STANDARD"),
    }
    optional = {
        "EndTime": state.end_time,
        "TotalInputBytes": state.total_bytes,
        "MaxWriteRequestUnits": request.get("MaxWriteRequestUnits"),
    }
    response |= {name: value for name, value in optional.items() if value is not None}
    if state.failure is not None:
        response["FailureCode"], response["FailureMessage"] = state.failure
    return response


def page(jobs: Sequence[BulkPutState], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListBulkOperations, newest first. It does not name the table."""
    size = int(request.get("MaxResults") or PAGE)
    if not 1 <= size <= 25:
        raise AwsError("ValidationException", "MaxResults must be between 1 and 25")
    start = int(request.get("NextToken") or "0", 16)
    newest_first = list(reversed(jobs))
    response: dict[str, Any] = {
        "BulkOperationsSummaryList": [
            {
                "BulkOperationArn": each.arn,
                "BulkOperationStatus": each.status,
                "StartTime": each.start_time,
            }
            for each in newest_first[start : start + size]
        ]
    }
    if start + size < len(newest_first):
        response["NextToken"] = f"{start + size:016x}"
    return response
