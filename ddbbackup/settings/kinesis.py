"""Kinesis data streams that the table's changes go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, Skipped, refuse
from ddbbackup.steps.aws_caller import AwsCaller


class Kinesis(Setting):
    name = "kinesis"
    title = "Kinesis streams"
    phase = "after the data"
    has_own_api = True
    read_actions = ("dynamodb:DescribeKinesisStreamingDestination",)
    write_actions = ("dynamodb:EnableKinesisStreamingDestination",)
    limitations = (
        "the stream of that name does not exist where the target is; with `all`, a copy under another name is not "
        "connected to the stream that carries the original's changes: name `kinesis` for that"
    )

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        found = await ask(
            "DescribeKinesisStreamingDestination",
            lambda cloud: cloud.settings.kinesis_destinations(table.name),
        )
        return [dict(each) for each in found]

    def normalize(self, answer: Any) -> Any:
        """Precision by stream; a destination that was turned off or failed is none."""
        return {
            each["StreamArn"]: each.get("ApproximateCreationDateTimePrecision") or "MILLISECOND"
            for each in answer or ()
            if each.get("DestinationStatus") in ("ACTIVE", "ENABLING", "UPDATING")
        } or None

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        moved = {inputs.move.relocate(arn): precision for arn, precision in value.items()}
        shared = [arn for arn in moved if arn in value]
        if shared and not inputs.move.same_table and self.name not in inputs.named:
            raise Skipped(
                f"{', '.join(shared)} carries the changes of {inputs.move.source.table_name}; "
                "name `kinesis` in `to.settings` to send those of the copy there too"
            )
        return moved

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        for arn, precision in desired.items():
            now = (existing or {}).get(arn)
            if now is None:
                yield _enable(target, arn, precision)
            elif now != precision:
                hint = "change the precision of the destination yourself"
                raise refuse(self, f"the target streams to {arn} in {now}s already", hint)

    def in_progress(self, desired: Any, answer: Any) -> bool:
        return any(
            e["StreamArn"] in desired and e.get("DestinationStatus") == "ENABLING" for e in answer or ()
        )

    def failure(self, desired: Any, answer: Any) -> str | None:
        """A bad stream fails only after AWS took the call (observed on AWS)."""
        for each in answer or ():
            if each["StreamArn"] in desired and each.get("DestinationStatus") == "ENABLE_FAILED":
                said = each.get("DestinationStatusDescription") or "AWS gave no reason"
                return f"streaming to {each['StreamArn']} ended as ENABLE_FAILED ({said})"
        return None


def _enable(target: TableFacts, arn: str, precision: str) -> Change:
    return Change(
        arn,
        "EnableKinesisStreamingDestination",
        lambda cloud: cloud.settings.enable_kinesis(target.name, arn, precision),
    )
