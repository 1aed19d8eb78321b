"""The most that an on-demand table, and each of its indexes, may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import (
    ApplyInputs,
    Change,
    Setting,
    Skipped,
    index_names,
    refuse,
    update_table,
)


class OnDemandLimits(Setting):
    name = "on-demand-limits"
    title = "on-demand limits"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"OnDemandThroughput"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = "the target is provisioned"

    def normalize(self, answer: Any) -> Any:
        """-1 is no limit (botocore's model)."""
        found: dict[str, Any] = {"table": _limits(answer)} if _limits(answer) else {}
        for index in answer.get("GlobalSecondaryIndexes") or ():
            if limits := _limits(index):
                found.setdefault("indexes", {})[index["IndexName"]] = limits
        return found or None

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        mode = (inputs.target.description.get("BillingModeSummary") or {}).get("BillingMode")
        if mode != "PAY_PER_REQUEST":
            raise Skipped("the target is provisioned")
        return value

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        made = dict(definition)
        if "table" in desired:
            made["OnDemandThroughput"] = desired["table"]
        limits = desired.get("indexes", {})
        if limits:
            made["GlobalSecondaryIndexes"] = [
                {**index, "OnDemandThroughput": limits[index["IndexName"]]}
                if index["IndexName"] in limits
                else index
                for index in definition.get("GlobalSecondaryIndexes", ())
            ]
        return made

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        if "table" in desired and desired["table"] != has.get("table"):
            yield update_table("table", target, {"OnDemandThroughput": desired["table"]})
        for index, limits in desired.get("indexes", {}).items():
            if index not in index_names(target.description):
                raise refuse(self, f"the target has no index {index}", "add the index, then run again")
            if limits != has.get("indexes", {}).get(index):
                update = {"IndexName": index, "OnDemandThroughput": limits}
                change = {"GlobalSecondaryIndexUpdates": [{"Update": update}]}
                yield update_table(f"index {index}", target, change)


def _limits(described: Mapping[str, Any]) -> dict[str, int]:
    limits = described.get("OnDemandThroughput") or {}
    known = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
    return {name: limits[name] for name in known if (limits.get(name) or -1) > 0}
