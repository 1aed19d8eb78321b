"""Kinesis data streams that receive the changes of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ddbbackup.model.json_value import Json, as_objects, get_text, require_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, SettingWithApi, Skipped, refusal
from ddbbackup.steps.aws_caller import AwsCaller

Precisions = Mapping[str, str]
"""ApproximateCreationDateTimePrecision by the ARN of the stream."""


class Kinesis(SettingWithApi[Precisions]):
    name = "kinesis"
    title = "Kinesis streams"
    phase = "after the data"
    read_actions = ("dynamodb:DescribeKinesisStreamingDestination",)
    write_actions = ("dynamodb:EnableKinesisStreamingDestination",)
    # DynamoDB guide: Using IAM policies for Kinesis Data Streams and DynamoDB.
    actions_by_aws = (
        ("kinesis:ListStreams", "target-everything"),
        ("kinesis:PutRecords", "kinesis-stream"),
        ("kinesis:DescribeStream", "kinesis-stream"),
        ("iam:CreateServiceLinkedRole", "kinesis-role"),
    )
    limitations = (
        "needs a stream of the same name in the account and region of the target; `all` does not connect a copy with "
        "another name to the stream of the original: list `kinesis` by name for that"
    )

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        return await call_aws(
            "DescribeKinesisStreamingDestination",
            lambda cloud: cloud.settings.kinesis_destinations(table.name),
        )

    def normalize(self, response: Json) -> Precisions | None:
        """Without destinations that were disabled or failed."""
        return {
            require_text(each, "StreamArn"): get_text(each, "ApproximateCreationDateTimePrecision")
            or "MILLISECOND"
            for each in as_objects(response)
            if get_text(each, "DestinationStatus") in ("ACTIVE", "ENABLING", "UPDATING")
        } or None

    def desired(self, value: Precisions, inputs: ApplyInputs) -> Precisions:
        relocated = {inputs.relocation.relocate(arn): precision for arn, precision in value.items()}
        shared = [arn for arn in relocated if arn in value]
        if shared and not inputs.relocation.same_table and self.name not in inputs.named:
            raise Skipped(
                f"{', '.join(shared)} receives the changes of {inputs.relocation.source.table_name}; "
                "list `kinesis` in `to.settings` to send those of the copy to it too"
            )
        return relocated

    def changes(
        self, desired: Precisions, existing: Precisions | None, target: TableFacts
    ) -> Iterator[Change]:
        for arn, precision in desired.items():
            current = (existing or {}).get(arn)
            if current is None:
                yield _enable(target, arn, precision)
            elif current != precision:
                raise refusal(
                    self,
                    f"the target already streams to {arn} with precision {current}",
                    f"change the precision of the destination to {precision}",
                )

    def in_progress(self, desired: Precisions, response: Json) -> bool:
        return any(
            require_text(each, "StreamArn") in desired and get_text(each, "DestinationStatus") == "ENABLING"
            for each in as_objects(response)
        )

    def failure(self, desired: Precisions, response: Json) -> str | None:
        """A stream that does not exist fails only after AWS accepted the call (observed on AWS)."""
        for each in as_objects(response):
            arn, status = require_text(each, "StreamArn"), get_text(each, "DestinationStatus")
            if arn in desired and status == "ENABLE_FAILED":
                reason = get_text(each, "DestinationStatusDescription") or "AWS gave no reason"
                return f"streaming to {arn} ended as {status}: {reason}"
        return None


def _enable(target: TableFacts, arn: str, precision: str) -> Change:
    return Change(
        arn,
        "EnableKinesisStreamingDestination",
        lambda cloud: cloud.settings.enable_kinesis(target.name, arn, precision),
    )
