"""Keys, indexes and billing: what a table is created with, and what a restore never changes in an existing table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ddbbackup.model.json_value import (
    Json,
    JsonObject,
    as_object,
    get_integer,
    get_object,
    get_objects,
    get_text,
    require_text,
)
from ddbbackup.model.table_description import billing_mode, key_types, lasting_indexes
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, Skipped, refusal

KeyElement = tuple[str, str, str | None]
"""Attribute name, HASH or RANGE, attribute type."""


class Keys(Setting[Sequence[KeyElement]]):
    name = "keys"
    title = "key schema"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"KeySchema", "AttributeDefinitions"})
    write_actions = ("dynamodb:CreateTable",)
    limitations = "if the target exists with another key, the restore fails before it writes"

    def normalize(self, response: Json) -> Sequence[KeyElement] | None:
        return key_types(as_object(response)) or None

    def changes(
        self, desired: Sequence[KeyElement], existing: Sequence[KeyElement] | None, target: TableFacts
    ) -> Iterator[Change]:
        if desired != existing:
            raise refusal(self, "the table exists with another key", "restore to another table name")
        return iter(())


class Indexes(Setting[Mapping[str, JsonObject]]):
    """By kind and name, such as ``global by-customer``. Without indexes that are being deleted."""

    name = "indexes"
    title = "indexes"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = (
        "if the target exists, none is changed, and only `to.indexes: after-load` adds global ones; method `import` "
        "cannot create local secondary indexes"
    )

    def normalize(self, response: Json) -> Mapping[str, JsonObject] | None:
        table = as_object(response)
        found = {
            f"{kind} {require_text(index, 'IndexName')}": _index(index)
            for kind, member in (("local", "LocalSecondaryIndexes"), ("global", "GlobalSecondaryIndexes"))
            for index in lasting_indexes(table, member)
        }
        found |= {
            f"vector {require_text(index, 'IndexName')}": _vector(index)
            for index in lasting_indexes(table, "VectorIndexes")
        }
        return found or None

    def changes(
        self,
        desired: Mapping[str, JsonObject],
        existing: Mapping[str, JsonObject] | None,
        target: TableFacts,
    ) -> Iterator[Change]:
        different = [name for name, index in desired.items() if (existing or {}).get(name) != index]
        if different:
            raise Skipped(
                f"the existing table does not have the same indexes ({', '.join(different)}); "
                "`to.indexes: after-load` adds global ones that it lacks"
            )
        return iter(())


@dataclass(frozen=True, slots=True)
class BillingAndCapacity:
    """The capacities are empty for on-demand tables."""

    mode: str
    table: Mapping[str, int] = field(default_factory=dict)
    indexes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Billing(Setting[BillingAndCapacity]):
    name = "billing"
    title = "billing mode and capacity"
    phase = "creation"
    default_policy = "always"
    describe_fields = frozenset({"BillingModeSummary", "ProvisionedThroughput"})
    write_actions = ("dynamodb:CreateTable",)
    limitations = (
        "not changed if the target exists; `to.billing_mode` overrides the recorded mode; a provisioned table is on "
        "demand until it has all data (`limits.load_capacity`), so it may keep more warm throughput than was recorded"
    )

    def normalize(self, response: Json) -> BillingAndCapacity:
        table = as_object(response)
        mode = billing_mode(table)
        if mode != "PROVISIONED":
            return BillingAndCapacity(mode)
        indexes = lasting_indexes(table)
        return BillingAndCapacity(
            mode, _capacity(table), {require_text(index, "IndexName"): _capacity(index) for index in indexes}
        )

    def desired(self, value: BillingAndCapacity, inputs: ApplyInputs) -> BillingAndCapacity:
        if inputs.billing_mode not in (None, value.mode):
            raise Skipped(f"the plan has `billing_mode: {inputs.billing_mode}`")
        return value

    def changes(
        self, desired: BillingAndCapacity, existing: BillingAndCapacity | None, target: TableFacts
    ) -> Iterator[Change]:
        if desired != existing:
            raise Skipped("the table exists; its billing mode and capacity are not changed")
        return iter(())


def _key_schema(described: JsonObject) -> list[tuple[str, str]]:
    keys = get_objects(described, "KeySchema")
    return [(require_text(key, "AttributeName"), require_text(key, "KeyType")) for key in keys]


def _index(index: JsonObject) -> JsonObject:
    """AWS returns the attributes of a projection in any order."""
    projection = get_object(index, "Projection")
    attributes = projection.get("NonKeyAttributes")
    names = sorted(map(str, attributes)) if isinstance(attributes, Sequence) else []
    return {
        "keys": _key_schema(index),
        "projection": get_text(projection, "ProjectionType"),
        "attributes": names,
    }


def _vector(index: JsonObject) -> JsonObject:
    members = ("VectorAttribute", "Dimensions", "DistanceFunction", "SearchSchema", "Projection")
    return {member: index[member] for member in members if index.get(member)}


def _capacity(described: JsonObject) -> Mapping[str, int]:
    capacity = get_object(described, "ProvisionedThroughput")
    return {name: get_integer(capacity, name) or 0 for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
