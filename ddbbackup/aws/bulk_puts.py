"""StartBulkPutItems, DescribeBulkOperation, ListBulkOperations, CancelBulkOperation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, translate_errors
from ddbbackup.errors import REPORT_BUG, Refused
from ddbbackup.model.aws_texts import failure_code, failure_text
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import MIN_WRITE_UNITS, BulkPut, BulkPutPage, BulkPutRequest, BulkPutSummary
from ddbbackup.times import to_utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        BulkOperationDescriptionTypeDef,
        InputS3ConfigurationTypeDef,
        ListBulkOperationsInputTypeDef,
        OutputS3ConfigurationTypeDef,
        StartBulkPutItemsInputTypeDef,
    )

PAGE_SIZE: Final = 25  # the maximum of ListBulkOperations (DynamoDB API); the SDK does not check it


class DynamoBulkPuts:
    """Implements ``ports.BulkPuts``. Every member of a response is optional in botocore's model."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    @property
    def available(self) -> bool:
        return "StartBulkPutItems" in self._client.meta.service_model.operation_names

    def start(self, request: BulkPutRequest) -> BulkPut:
        self._require_operation()
        _check(request)
        with translate_errors(f"start a bulk put into table {request.table}"):
            response = self._client.start_bulk_put_items(**_parameters(request))
        return _bulk_put(response["BulkOperationDescription"])

    def describe(self, arn: str) -> BulkPut:
        self._require_operation()
        with _refuse_unknown(arn), translate_errors(f"describe bulk put {arn}"):
            response = self._client.describe_bulk_operation(BulkOperationArn=arn)
        return _bulk_put(response["BulkOperationDescription"])

    def page(self, *, next_token: str | None = None) -> BulkPutPage:
        self._require_operation()
        parameters: ListBulkOperationsInputTypeDef = {"MaxResults": PAGE_SIZE}
        if next_token is not None:
            parameters["NextToken"] = next_token
        with translate_errors("list bulk operations"):
            response = self._client.list_bulk_operations(**parameters)
        summaries = tuple(
            BulkPutSummary(
                each.get("BulkOperationArn", ""),
                each.get("BulkOperationStatus", "IN_PROGRESS"),
                to_utc(each.get("StartTime")),
            )
            for each in response.get("BulkOperationsSummaryList", ())
        )
        return BulkPutPage(summaries, response.get("NextToken"))

    def cancel(self, arn: str) -> None:
        self._require_operation()
        with _refuse_unknown(arn), translate_errors(f"cancel bulk put {arn}"):
            self._client.cancel_bulk_operation(BulkOperationArn=arn)

    def _require_operation(self) -> None:
        if not self.available:
            raise Refused(
                "the installed SDK does not support StartBulkPutItems, which `method: bulk-put` needs",
                hint="run `pip install 'botocore>=1.43.124'`, or use `method: write`",
            )


@contextmanager
def _refuse_unknown(arn: str) -> Iterator[None]:
    """AWS reports an unknown bulk operation with the error code of a missing table."""
    try:
        yield
    except Refused as error:
        cause = error.__cause__
        if not isinstance(cause, ClientError) or code_of(cause) != "ResourceNotFoundException":
            raise
        raise Refused(
            f"bulk put {arn} does not exist",
            hint="check the Region and the account; AWS lists bulk puts for 90 days",
        ) from error


def _check(request: BulkPutRequest) -> None:
    """Refuses what botocore would send although it cannot be right (observed by running it)."""
    if not request.bucket or not request.prefix.endswith("/") or not request.report_prefix.endswith("/"):
        raise Refused(
            "a bulk put needs a bucket, and prefixes that end in a slash: AWS matches prefixes as plain text",
            hint=REPORT_BUG,
        )
    if request.report_prefix.startswith(request.prefix) or request.prefix.startswith(request.report_prefix):
        raise Refused(
            f"the reports of a bulk put must not be below its input, {S3Location(request.bucket, request.prefix)}",
            hint=REPORT_BUG,
        )
    if request.kms_key_id is not None and request.sse_algorithm != "KMS":
        raise Refused("a KMS key needs the encryption algorithm KMS", hint="set `encryption.algorithm: KMS`")
    limit = request.write_units_per_second
    if limit is not None and limit < MIN_WRITE_UNITS:
        raise Refused(
            f"a bulk put cannot be limited to {limit} write units per second: the minimum is {MIN_WRITE_UNITS}",
            hint=f"set `write_units_per_second` to {MIN_WRITE_UNITS} or more, or use `method: write`",
        )


def _parameters(request: BulkPutRequest) -> StartBulkPutItemsInputTypeDef:
    """Names every parameter, also those with a default: the default of InputCompressionType would be wrong."""
    source: InputS3ConfigurationTypeDef = {
        "S3Bucket": request.bucket,
        "S3KeyPrefix": request.prefix,
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": "GZIP",
    }
    output: OutputS3ConfigurationTypeDef = {
        "S3Bucket": request.bucket,
        "S3KeyPrefix": request.report_prefix,
        "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
    }
    if request.bucket_owner is not None:
        source["S3BucketOwner"] = output["S3BucketOwner"] = request.bucket_owner
    if request.sse_algorithm is not None:
        output["S3SseAlgorithm"] = request.sse_algorithm
    if request.kms_key_id is not None:
        output["S3SseKmsKeyId"] = request.kms_key_id
    parameters: StartBulkPutItemsInputTypeDef = {
        "TableName": request.table,
        "ClientToken": request.client_token,
        "InputS3Configuration": source,
        "OutputS3Configuration": output,
        "PerformanceTier": "STANDARD",
    }
    if request.write_units_per_second is not None:
        parameters["MaxWriteRequestUnits"] = request.write_units_per_second
    return parameters


def _bulk_put(description: BulkOperationDescriptionTypeDef) -> BulkPut:
    return BulkPut(
        arn=description.get("BulkOperationArn", ""),
        status=description.get("BulkOperationStatus", "IN_PROGRESS"),
        client_token=description.get("ClientToken"),
        start_time=to_utc(description.get("StartTime")),
        processed_items=description.get("ProcessedItemCount", 0),
        failed_items=description.get("FailedItemCount", 0),
        processed_bytes=description.get("ProcessedInputBytes", 0),
        total_bytes=description.get("TotalInputBytes"),
        failure_code=failure_code(description.get("FailureCode")),
        failure_message=failure_text(description.get("FailureMessage"), operation="describe-bulk-operation"),
    )
