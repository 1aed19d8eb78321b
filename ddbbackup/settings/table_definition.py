"""From the recorded DescribeTable answer to the CreateTable input that makes the table again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddbbackup.errors import Refused


def create_table_input(
    description: Mapping[str, Any], *, name: str, billing_mode: str | None = None
) -> dict[str, Any]:
    """Keys, indexes and billing of the recorded table under a new name.

    Definitions must be exactly the key attributes in use, and on-demand tables report a capacity of 0 that
    CreateTable refuses (both observed on AWS). An absent BillingModeSummary means PROVISIONED.

    Raises ``Refused`` if PROVISIONED is wanted for a table that was on demand: there is no capacity to set.
    """
    recorded = (description.get("BillingModeSummary") or {}).get("BillingMode") or "PROVISIONED"
    mode = billing_mode or recorded
    if mode == "PROVISIONED" and recorded != "PROVISIONED":
        raise Refused(
            f"{name} cannot be created as PROVISIONED: the backed-up table was on demand and has no capacity",
            hint="leave `billing_mode` out, or create the table yourself and set `create: never`",
        )
    definition: dict[str, Any] = {
        "TableName": name,
        "KeySchema": _key_schema(description),
        "BillingMode": mode,
    }
    if mode == "PROVISIONED":
        definition["ProvisionedThroughput"] = _capacity(description)
    indexes = []
    for index in description.get("GlobalSecondaryIndexes") or ():
        made = _index(index)
        if mode == "PROVISIONED":
            made["ProvisionedThroughput"] = _capacity(index)
        indexes.append(made)
    if indexes:
        definition["GlobalSecondaryIndexes"] = indexes
    local = [_index(index) for index in description.get("LocalSecondaryIndexes") or ()]
    if local:
        definition["LocalSecondaryIndexes"] = local
    vectors = [_vector(index) for index in description.get("VectorIndexes") or ()]
    if vectors:
        definition["VectorIndexes"] = vectors
    definition["AttributeDefinitions"] = _definitions(description, definition)
    return definition


def _key_schema(described: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"AttributeName": k["AttributeName"], "KeyType": k["KeyType"]} for k in described["KeySchema"]]


def _index(described: Mapping[str, Any]) -> dict[str, Any]:
    projection = {k: v for k, v in described["Projection"].items() if v}
    return {
        "IndexName": described["IndexName"],
        "KeySchema": _key_schema(described),
        "Projection": projection,
    }


def _vector(described: Mapping[str, Any]) -> dict[str, Any]:
    """The members that CreateTable takes (botocore's model: VectorIndex)."""
    taken = ("IndexName", "VectorAttribute", "SearchSchema", "Projection", "Dimensions", "DistanceFunction")
    return {name: described[name] for name in taken if described.get(name)}


def _capacity(described: Mapping[str, Any]) -> dict[str, int]:
    capacity = described.get("ProvisionedThroughput") or {}
    return {
        name: max(1, int(capacity.get(name) or 1)) for name in ("ReadCapacityUnits", "WriteCapacityUnits")
    }


def _definitions(description: Mapping[str, Any], definition: Mapping[str, Any]) -> list[dict[str, str]]:
    indexes = [
        *definition.get("GlobalSecondaryIndexes", ()),
        *definition.get("LocalSecondaryIndexes", ()),
    ]
    used = {key["AttributeName"] for holder in (definition, *indexes) for key in holder["KeySchema"]}
    used |= {
        key["AttributeName"] for i in definition.get("VectorIndexes", ()) for key in i.get("SearchSchema", ())
    }
    return [
        {"AttributeName": d["AttributeName"], "AttributeType": d["AttributeType"]}
        for d in description["AttributeDefinitions"]
        if d["AttributeName"] in used
    ]
