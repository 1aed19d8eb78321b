"""What DescribeTable returns of a table, read from its JSON: a live response, or the one in a record."""

from __future__ import annotations

from ddbbackup.model.json_value import JsonObject, get_object, get_objects, get_text, require_text


def billing_mode(description: JsonObject) -> str:
    """PAY_PER_REQUEST or PROVISIONED; DescribeTable omits BillingModeSummary for the latter (observed on AWS)."""
    return get_text(get_object(description, "BillingModeSummary"), "BillingMode") or "PROVISIONED"


def lasting_indexes(
    description: JsonObject, member: str = "GlobalSecondaryIndexes"
) -> tuple[JsonObject, ...]:
    """The indexes of a kind without those that are being deleted. ``member``: also ``VectorIndexes``, …"""
    return tuple(
        index for index in get_objects(description, member) if get_text(index, "IndexStatus") != "DELETING"
    )


def index_names(description: JsonObject) -> tuple[str, ...]:
    """The names of the global secondary indexes without those that are being deleted."""
    return tuple(require_text(index, "IndexName") for index in lasting_indexes(description))


def key_types(description: JsonObject) -> tuple[tuple[str, str, str | None], ...]:
    """Name, role (HASH, RANGE) and type (S, N, B) of each key attribute of the table; the type may be missing."""
    types = {
        require_text(each, "AttributeName"): get_text(each, "AttributeType")
        for each in get_objects(description, "AttributeDefinitions")
    }
    names = [
        (require_text(key, "AttributeName"), require_text(key, "KeyType"))
        for key in get_objects(description, "KeySchema")
    ]
    return tuple((name, role, types.get(name)) for name, role in names)
