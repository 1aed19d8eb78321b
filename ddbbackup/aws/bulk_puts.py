"""StartBulkPutItems, DescribeBulkOperation, ListBulkOperations, CancelBulkOperation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, explained
from ddbbackup.errors import Refused
from ddbbackup.ports import LEAST_WRITE_UNITS, BulkPut, BulkPutPage, BulkPutRequest, BulkPutSummary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import BulkOperationDescriptionTypeDef

PAGE: Final = 25  # the most that ListBulkOperations gives at a time; the SDK lets more through


class DynamoBulkPuts:
    """Implements ``ports.BulkPuts``. No member of an answer is relied on: all are optional in botocore's model."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    @property
    def available(self) -> bool:
        return "StartBulkPutItems" in self._client.meta.service_model.operation_names

    def start(self, request: BulkPutRequest) -> BulkPut:
        self._need_the_operation()
        _check(request)
        with explained(f"start a bulk put into {request.table}"):
            answer = self._client.start_bulk_put_items(**_parameters(request))
        return _bulk_put(answer["BulkOperationDescription"])

    def describe(self, arn: str) -> BulkPut:
        self._need_the_operation()
        with _known(arn), explained(f"describe the bulk put {arn}"):
            answer = self._client.describe_bulk_operation(BulkOperationArn=arn)
        return _bulk_put(answer["BulkOperationDescription"])

    def page(self, *, next_token: str | None = None) -> BulkPutPage:
        self._need_the_operation()
        wish: dict[str, Any] = {"MaxResults": PAGE}
        if next_token is not None:
            wish["NextToken"] = next_token
        with explained("list the bulk operations"):
            answer = self._client.list_bulk_operations(**wish)
        summaries = tuple(
            BulkPutSummary(
                each.get("BulkOperationArn", ""),
                each.get("BulkOperationStatus", "IN_PROGRESS"),
                _utc(each.get("StartTime")),
            )
            for each in answer.get("BulkOperationsSummaryList", ())
        )
        return BulkPutPage(summaries, answer.get("NextToken"))

    def cancel(self, arn: str) -> None:
        self._need_the_operation()
        with _known(arn), explained(f"cancel the bulk put {arn}"):
            self._client.cancel_bulk_operation(BulkOperationArn=arn)

    def _need_the_operation(self) -> None:
        if not self.available:
            raise Refused(
                "the installed SDK does not know StartBulkPutItems, which `method: bulk-put` needs",
                hint="run `pip install 'botocore>=1.43.124'`, or use `method: write`",
            )


@contextmanager
def _known(arn: str) -> Iterator[None]:
    """An unknown operation is a ResourceNotFoundException too, and that is not a missing table."""
    try:
        yield
    except Refused as error:
        cause = error.__cause__
        if not isinstance(cause, ClientError) or code_of(cause) != "ResourceNotFoundException":
            raise
        raise Refused(
            f"AWS does not know the bulk put {arn}",
            hint="check region and account; AWS forgets it after 90 days",
        ) from error


def _check(request: BulkPutRequest) -> None:
    """What botocore would send though it cannot be right (found by running it)."""
    if not request.bucket or not request.prefix.endswith("/") or not request.report_prefix.endswith("/"):
        raise Refused(
            "a bulk put needs a bucket, and prefixes that end in a slash: prefixes match as plain text",
            hint="report this: ddbbackup made the request",
        )
    if request.report_prefix.startswith(request.prefix) or request.prefix.startswith(request.report_prefix):
        raise Refused(
            f"the reports of a bulk put must not lie where its input lies ({request.prefix})",
            hint="report this: ddbbackup made the request",
        )
    if request.kms_key_id is not None and request.sse_algorithm != "KMS":
        raise Refused("a KMS key goes with KMS only", hint="set `encryption.algorithm: KMS`")
    limit = request.write_units_per_second
    if limit is not None and limit < LEAST_WRITE_UNITS:
        raise Refused(
            f"a bulk put cannot be limited to {limit} write units per second: AWS takes {LEAST_WRITE_UNITS} or more",
            hint=f"set `write_units_per_second` to at least {LEAST_WRITE_UNITS}, or use `method: write`",
        )


def _parameters(request: BulkPutRequest) -> dict[str, Any]:
    """Everything is said, also what has a default: the API is new, and a default may be wrong for us (NONE)."""
    given = {"S3BucketOwner": request.bucket_owner} if request.bucket_owner is not None else {}
    output: dict[str, Any] = {
        "S3Bucket": request.bucket,
        "S3KeyPrefix": request.report_prefix,
        "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
        **given,
    }
    if request.sse_algorithm is not None:
        output["S3SseAlgorithm"] = request.sse_algorithm
    if request.kms_key_id is not None:
        output["S3SseKmsKeyId"] = request.kms_key_id
    wish: dict[str, Any] = {
        "TableName": request.table,
        "ClientToken": request.client_token,
        "InputS3Configuration": {
            "S3Bucket": request.bucket,
            "S3KeyPrefix": request.prefix,
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
            **given,
        },
        "OutputS3Configuration": output,
        "PerformanceTier": "STANDARD",
    }
    if request.write_units_per_second is not None:
        wish["MaxWriteRequestUnits"] = request.write_units_per_second
    return wish


def _bulk_put(described: BulkOperationDescriptionTypeDef) -> BulkPut:
    return BulkPut(
        arn=described.get("BulkOperationArn", ""),
        status=described.get("BulkOperationStatus", "IN_PROGRESS"),
        client_token=described.get("ClientToken"),
        start_time=_utc(described.get("StartTime")),
        processed_items=described.get("ProcessedItemCount", 0),
        failed_items=described.get("FailedItemCount", 0),
        processed_bytes=described.get("ProcessedInputBytes", 0),
        total_bytes=described.get("TotalInputBytes"),
        failure_code=described.get("FailureCode"),
        failure_message=described.get("FailureMessage"),
    )


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time is not None else None
