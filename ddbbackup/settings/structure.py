"""Keys, indexes and billing: what a table is made with, and what no restore changes of a table that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, Skipped, refuse


class Keys(Setting):
    name = "keys"
    title = "key and its types"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"KeySchema", "AttributeDefinitions"})
    write_actions = ("dynamodb:CreateTable",)
    limitations = "the target exists with another key: the restore refuses before it writes"

    def normalize(self, answer: Any) -> Any:
        types = {d["AttributeName"]: d["AttributeType"] for d in answer.get("AttributeDefinitions") or ()}
        return [
            [k["AttributeName"], k["KeyType"], types.get(k["AttributeName"])]
            for k in answer.get("KeySchema") or ()
        ]

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if desired != existing:
            raise refuse(self, "the table exists with another key", "restore into another table")
        return iter(())


class Indexes(Setting):
    name = "indexes"
    title = "indexes"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes"})
    write_actions = ("dynamodb:CreateTable",)
    limitations = (
        "the target exists: its indexes are left as they are; method `import` refuses a table with local ones"
    )

    def normalize(self, answer: Any) -> Any:
        found = {
            f"{kind} {index['IndexName']}": _index(index)
            for kind, member in (("local", "Local"), ("global", "Global"))
            for index in answer.get(f"{member}SecondaryIndexes") or ()
        }
        found |= {f"vector {i['IndexName']}": _vector(i) for i in answer.get("VectorIndexes") or ()}
        return found or None

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        wrong = [name for name, index in desired.items() if (existing or {}).get(name) != index]
        if wrong:
            raise Skipped(f"the table exists with others ({', '.join(wrong)}); add what is missing yourself")
        return iter(())


class Billing(Setting):
    name = "billing"
    title = "billing mode and capacity"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"BillingModeSummary", "ProvisionedThroughput"})
    write_actions = ("dynamodb:CreateTable",)
    limitations = "the target exists, or `to.billing_mode` says otherwise"

    def normalize(self, answer: Any) -> Any:
        """An absent BillingModeSummary is PROVISIONED (observed on AWS)."""
        mode = (answer.get("BillingModeSummary") or {}).get("BillingMode") or "PROVISIONED"
        if mode != "PROVISIONED":
            return {"mode": mode}
        indexes = answer.get("GlobalSecondaryIndexes") or ()
        return {
            "mode": mode,
            "table": _capacity(answer),
            "indexes": {index["IndexName"]: _capacity(index) for index in indexes},
        }

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        if inputs.billing_mode not in (None, value["mode"]):
            raise Skipped(f"the plan says `billing_mode: {inputs.billing_mode}`")
        return value

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if desired != existing:
            raise Skipped("the table exists; its billing mode and capacity are left as they are")
        return iter(())


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    projection = {k: sorted(v) if isinstance(v, list) else v for k, v in index["Projection"].items() if v}
    keys = [[key["AttributeName"], key["KeyType"]] for key in index["KeySchema"]]
    return {"keys": keys, "projection": projection}


def _vector(index: Mapping[str, Any]) -> dict[str, Any]:
    parts = ("VectorAttribute", "Dimensions", "DistanceFunction", "SearchSchema", "Projection")
    return {part: index[part] for part in parts if index.get(part)}


def _capacity(described: Mapping[str, Any]) -> dict[str, int]:
    capacity = described.get("ProvisionedThroughput") or {}
    return {name: int(capacity.get(name) or 0) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
