"""What AWS says to bulk puts, as far as botocore's model tells it. An emulation; the reports' layout is invented.

Nobody could read yet how AWS lays its reports out; tests that rely on the layout here prove the counting only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

PAGE: Final = 10


@dataclass(slots=True)
class BulkPutState:
    """One bulk put and how far it is. ``request`` is what was asked for, as it came."""

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
    """Raises ``AwsError`` for what the guide or the model says to be wrong."""
    source, output = request["InputS3Configuration"], request["OutputS3Configuration"]
    if source.get("InputFormat") != "DYNAMODB_JSON":
        raise AwsError("ValidationException", "The sandbox emulates bulk puts of DYNAMODB_JSON only")
    if source.get("InputCompressionType", "NONE") not in ("NONE", "GZIP"):
        raise AwsError("ValidationException", "The sandbox emulates bulk puts as NONE or GZIP only")
    if not output.get("OutputType") or not output.get("S3Bucket"):
        raise AwsError("ValidationException", "OutputS3Configuration needs OutputType and S3Bucket")


def replayed(jobs: Sequence[BulkPutState], request: Mapping[str, Any]) -> BulkPutState | None:
    """The operation that an earlier request with the same token started. Raises ``AwsError`` if it was another."""
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
    """DescribeBulkOperation: some members are there only at the end, or once the input is sized."""
    wish = state.request
    said: dict[str, Any] = {
        "BulkOperationArn": state.arn,
        "BulkOperationStatus": state.status,
        "TableDetails": [{"TableName": state.table_name, "TableId": state.table_id}],
        "ClientToken": wish.get("ClientToken"),
        "InputS3Configuration": wish["InputS3Configuration"],
        "OutputS3Configuration": wish["OutputS3Configuration"],
        "StartTime": state.start_time,
        "ProcessedItemCount": state.processed_items,
        "FailedItemCount": state.failed_items,
        "ProcessedInputBytes": state.processed_bytes,
        "PerformanceTier": wish.get("PerformanceTier", "STANDARD"),
    }
    optional = {
        "EndTime": state.end_time,
        "TotalInputBytes": state.total_bytes,
        "MaxWriteRequestUnits": wish.get("MaxWriteRequestUnits"),
    }
    said |= {name: value for name, value in optional.items() if value is not None}
    if state.failure is not None:
        said["FailureCode"], said["FailureMessage"] = state.failure
    return said


def page(jobs: Sequence[BulkPutState], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListBulkOperations, newest first; the table is not in it."""
    size = int(request.get("MaxResults") or PAGE)
    if not 1 <= size <= 25:
        raise AwsError("ValidationException", "MaxResults must be between 1 and 25")
    start = int(request.get("NextToken") or 0)
    newest_first = list(reversed(jobs))
    said: dict[str, Any] = {
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
        said["NextToken"] = str(start + size)
    return said
