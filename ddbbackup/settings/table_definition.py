"""From a recorded DescribeTable response to the inputs that create the table and its indexes again."""

from __future__ import annotations

from collections.abc import Sequence

from ddbbackup.errors import Refused
from ddbbackup.model.json_value import Json, JsonObject, get_integer, get_object, get_objects, require_text
from ddbbackup.model.table_description import billing_mode as recorded_mode
from ddbbackup.model.table_description import lasting_indexes


def create_table_input(
    description: JsonObject, *, name: str, billing_mode: str | None = None
) -> dict[str, Json]:
    """Keys, indexes and billing of the recorded table under a new name.

    CreateTable accepts only definitions of attributes that a key uses, and refuses the capacity of 0 that
    DescribeTable returns for on-demand tables (both observed on AWS).

    Raises ``Refused`` if PROVISIONED is requested for a table that was on demand: its capacity is not known.
    """
    recorded = recorded_mode(description)
    mode = billing_mode or recorded
    provisioned = mode == "PROVISIONED"
    if provisioned and recorded != "PROVISIONED":
        raise Refused(
            f"{name} cannot be created as PROVISIONED: the backed-up table was on demand and has no capacity",
            hint="remove `billing_mode`, or create the table yourself and set `create: never`",
        )
    global_indexes = [
        {**_index(index), **({"ProvisionedThroughput": _capacity(index)} if provisioned else {})}
        for index in lasting_indexes(description)
    ]
    local_indexes = [_index(index) for index in lasting_indexes(description, "LocalSecondaryIndexes")]
    vectors = [_vector(index) for index in lasting_indexes(description, "VectorIndexes")]
    key = _key_schema(description)
    definition: dict[str, Json] = {
        "TableName": name,
        "KeySchema": key,
        "BillingMode": mode,
        **({"ProvisionedThroughput": _capacity(description)} if provisioned else {}),
        **({"GlobalSecondaryIndexes": global_indexes} if global_indexes else {}),
        **({"LocalSecondaryIndexes": local_indexes} if local_indexes else {}),
        **({"VectorIndexes": vectors} if vectors else {}),
    }
    definitions = get_objects(description, "AttributeDefinitions")
    return {**definition, "AttributeDefinitions": _used_definitions(definitions, definition)}


def on_demand(definition: JsonObject) -> JsonObject:
    """The input of CreateTable that creates a provisioned table and its indexes on demand."""
    indexes = [_without_capacity(index) for index in get_objects(definition, "GlobalSecondaryIndexes")]
    return {
        **_without_capacity(definition),
        "BillingMode": "PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


def capacity_update(definition: JsonObject) -> JsonObject:
    """The input of UpdateTable that gives the table and its indexes the provisioned capacity of ``definition``."""
    updates = [
        {"Update": {member: index[member] for member in ("IndexName", "ProvisionedThroughput")}}
        for index in get_objects(definition, "GlobalSecondaryIndexes")
    ]
    return {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": definition["ProvisionedThroughput"],
        **({"GlobalSecondaryIndexUpdates": updates} if updates else {}),
    }


def without_global_indexes(definition: JsonObject) -> JsonObject:
    """The input of CreateTable that creates the table without its global secondary indexes."""
    rest = {name: value for name, value in definition.items() if name != "GlobalSecondaryIndexes"}
    definitions = get_objects(definition, "AttributeDefinitions")
    return {**rest, "AttributeDefinitions": _used_definitions(definitions, rest)}


def index_creation(definition: JsonObject, index: JsonObject) -> JsonObject:
    """The input of UpdateTable that adds a global secondary index of ``definition`` to the table.

    It needs the definitions of the attributes of the new key only (observed on AWS).
    """
    definitions = get_objects(definition, "AttributeDefinitions")
    return {
        "AttributeDefinitions": _used_definitions(definitions, index),
        "GlobalSecondaryIndexUpdates": [{"Create": index}],
    }


def _key_schema(described: JsonObject) -> list[dict[str, str]]:
    return [
        {member: require_text(key, member) for member in ("AttributeName", "KeyType")}
        for key in get_objects(described, "KeySchema")
    ]


def _index(described: JsonObject) -> dict[str, Json]:
    projection = {name: value for name, value in get_object(described, "Projection").items() if value}
    return {
        "IndexName": require_text(described, "IndexName"),
        "KeySchema": _key_schema(described),
        "Projection": projection,
    }


def _vector(described: JsonObject) -> JsonObject:
    """The members that CreateTable accepts (botocore's model: VectorIndex)."""
    members = (
        "IndexName",
        "VectorAttribute",
        "SearchSchema",
        "Projection",
        "Dimensions",
        "DistanceFunction",
    )
    return {name: described[name] for name in members if described.get(name)}


def _without_capacity(described: JsonObject) -> dict[str, Json]:
    return {name: value for name, value in described.items() if name != "ProvisionedThroughput"}


def _capacity(described: JsonObject) -> dict[str, int]:
    capacity = get_object(described, "ProvisionedThroughput")
    return {
        name: max(1, get_integer(capacity, name) or 1) for name in ("ReadCapacityUnits", "WriteCapacityUnits")
    }


def _used_definitions(definitions: Sequence[JsonObject], definition: JsonObject) -> list[dict[str, str]]:
    """The definitions of the attributes that a key of the table or the index, or of an index of the table, uses."""
    schemas = [get_objects(definition, "KeySchema")]
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        schemas += [get_objects(index, "KeySchema") for index in get_objects(definition, member)]
    schemas += [get_objects(index, "SearchSchema") for index in get_objects(definition, "VectorIndexes")]
    used = {require_text(key, "AttributeName") for schema in schemas for key in schema}
    return [
        {member: require_text(each, member) for member in ("AttributeName", "AttributeType")}
        for each in definitions
        if require_text(each, "AttributeName") in used
    ]
