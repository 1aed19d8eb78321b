"""The maximum request units of an on-demand table and of each of its indexes."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.model.json_value import Json, JsonObject, as_object, get_integer, get_object
from ddbbackup.model.table_description import billing_mode
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, Skipped
from ddbbackup.settings.throughput import (
    Throughput,
    Units,
    add_throughput,
    throughput_changes,
    throughput_of,
)


class OnDemandLimits(Setting[Throughput]):
    name = "on-demand-limits"
    title = "on-demand limits"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"OnDemandThroughput"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = "not applied to a provisioned target"

    def normalize(self, response: Json) -> Throughput | None:
        return throughput_of(as_object(response), _limits)

    def desired(self, value: Throughput, inputs: ApplyInputs) -> Throughput:
        if billing_mode(inputs.target.description) != "PAY_PER_REQUEST":
            raise Skipped("the target is provisioned")
        return value

    def add_to_creation(self, definition: JsonObject, desired: Throughput) -> JsonObject:
        return add_throughput(definition, "OnDemandThroughput", desired)

    def changes(
        self, desired: Throughput, existing: Throughput | None, target: TableFacts
    ) -> Iterator[Change]:
        return throughput_changes(
            self,
            "OnDemandThroughput",
            target,
            desired=desired,
            existing=existing or Throughput(),
            combine=lambda wanted, current: wanted,
        )


def _limits(described: JsonObject) -> Units:
    """-1 is no limit (botocore's model: OnDemandThroughput)."""
    throughput = get_object(described, "OnDemandThroughput")
    limits = {
        name: get_integer(throughput, name) or -1 for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits")
    }
    return {name: units for name, units in limits.items() if units > 0}
