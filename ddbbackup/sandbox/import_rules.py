"""The rules of imports: client tokens, table names, descriptions and pages, as observed on AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError

# DynamoDB guide: Quotas. A terabyte is 1024 gigabytes there.
QUOTA: Final = 50
OBJECTS: Final = 50_000
_TERABYTE: Final = 1024**4
_LARGE_REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1")
PAGE: Final = 25


@dataclass(slots=True)
class ImportState:
    """One import. ``request`` is the request as it was sent."""

    arn: str
    request: Mapping[str, Any]
    table_arn: str
    table_id: str
    start_time: float
    status: str = "IN_PROGRESS"
    end_time: float | None = None
    processed_items: int = 0
    processed_bytes: int = 0
    imported_items: int = 0
    errors: int = 0
    source_bytes: int = 0
    failure: tuple[str, str] | None = None

    @property
    def table_name(self) -> str:
        return str(self.request["TableCreationParameters"]["TableName"])


def check_new(request: Mapping[str, Any], imports: Sequence[ImportState], existing: Sequence[str]) -> None:
    """Raises ``AwsError`` for a request that AWS rejects at once. AWS checks the bucket later."""
    if request.get("InputFormat") != "DYNAMODB_JSON":
        raise AwsError("ValidationException", "The sandbox emulates imports of DYNAMODB_JSON only")
    if request.get("InputCompressionType", "NONE") not in ("NONE", "GZIP"):
        raise AwsError("ValidationException", "The sandbox emulates imports as NONE or GZIP only")
    parameters = request["TableCreationParameters"]
    if parameters.get("BillingMode", "PROVISIONED") == "PROVISIONED" and not parameters.get(
        "ProvisionedThroughput"
    ):
        raise AwsError(
            "ValidationException",
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be "
            "specified when BillingMode is PROVISIONED",
        )
    if parameters["TableName"] in existing:
        raise AwsError("ResourceInUseException", f"Table already exists: {parameters['TableName']}")
    if sum(each.status == "IN_PROGRESS" for each in imports) >= QUOTA:
        raise AwsError("LimitExceededException", f"The sandbox: {QUOTA} imports are running")


def check_source(sizes: Sequence[int], imports: Sequence[ImportState], region: str) -> None:
    """Raises ``AwsError`` for too many objects, or too many bytes of all running imports.

    ``sizes`` are those of the objects.
    """
    if len(sizes) > OBJECTS:
        raise AwsError("LimitExceededException", f"The sandbox: an import reads at most {OBJECTS} objects")
    in_flight = sum(each.source_bytes for each in imports if each.status == "IN_PROGRESS")
    if in_flight + sum(sizes) > quota_bytes(region):
        raise AwsError(
            "LimitExceededException", f"The sandbox: imports read at most {quota_bytes(region)} bytes"
        )


def quota_bytes(region: str) -> int:
    return (15 if region in _LARGE_REGIONS else 1) * _TERABYTE


def find_replayed(
    imports: Sequence[ImportState], request: Mapping[str, Any], existing: Sequence[str]
) -> ImportState | None:
    """The import of an earlier request with the same token.

    Another prefix is ignored, another table name is a conflict. After the end of the import, the request is treated
    as a new one if the table still exists; if it was deleted, the ended import is returned.
    """
    token, name = request.get("ClientToken"), request["TableCreationParameters"]["TableName"]
    for each in imports:
        if token is None or each.request.get("ClientToken") != token:
            continue
        if each.table_name != name:
            raise AwsError(
                "ImportConflictException", "Duplicate request detected with conflicting parameters"
            )
        if each.status == "IN_PROGRESS" or name not in existing:
            return each
    return None


def describe(state: ImportState) -> dict[str, Any]:
    """DescribeImport: the request and the progress."""
    request = state.request
    response: dict[str, Any] = {
        "ImportArn": state.arn,
        "ImportStatus": state.status,
        "TableArn": state.table_arn,
        "TableId": state.table_id,
        "ClientToken": request.get("ClientToken"),
        "S3BucketSource": request["S3BucketSource"],
        "ErrorCount": state.errors,
        "CloudWatchLogGroupArn": _log_group(state),
        "InputFormat": request["InputFormat"],
        "InputCompressionType": request.get("InputCompressionType", "NONE"),
        "TableCreationParameters": request["TableCreationParameters"],
        "StartTime": state.start_time,
        "ProcessedSizeBytes": state.processed_bytes,
        "ProcessedItemCount": state.processed_items,
        "ImportedItemCount": state.imported_items,
    }
    if state.end_time is not None:
        response["EndTime"] = state.end_time
    if state.failure is not None:
        response["FailureCode"], response["FailureMessage"] = state.failure
    return response


def page(imports: Sequence[ImportState], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListImports, newest first, including imports of deleted tables."""
    arn = request.get("TableArn")
    newest_first = [each for each in reversed(imports) if arn in (None, each.table_arn)]
    size, start = int(request.get("PageSize") or PAGE), int(request.get("NextToken") or "0", 16)
    response: dict[str, Any] = {
        "ImportSummaryList": [
            {
                "ImportArn": each.arn,
                "ImportStatus": each.status,
                "TableArn": each.table_arn,
                "S3BucketSource": each.request["S3BucketSource"],
                "InputFormat": each.request["InputFormat"],
                "StartTime": each.start_time,
            }
            for each in newest_first[start : start + size]
        ]
    }
    if start + size < len(newest_first):
        response["NextToken"] = f"{start + size:0112x}"  # the SDK accepts no shorter one
    return response


def _log_group(state: ImportState) -> str:
    table = Arn.parse(state.table_arn)
    return str(replace(table, service="logs", resource="log-group:/aws-dynamodb/imports:*"))
