"""From a DescribeTable response to the inputs of CreateTable and UpdateTable."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.errors import Refused
from ddbbackup.model.json_value import get_objects
from ddbbackup.settings.table_definition import create_table_input, index_creation, without_global_indexes

ON_DEMAND: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "mail", "AttributeType": "S"},
        {"AttributeName": "stray", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0},
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-mail",
            "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            "IndexStatus": "ACTIVE",
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "IndexArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/by-mail",
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    "DeletionProtectionEnabled": True,
}


def test_an_on_demand_table_is_created_with_keys_and_indexes_only() -> None:
    """No capacity of 0, no status, no ARN, and no definition that no key uses."""
    assert create_table_input(ON_DEMAND, name="orders-restored") == {
        "TableName": "orders-restored",
        "KeySchema": ON_DEMAND["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-mail",
                "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            }
        ],
        "AttributeDefinitions": ON_DEMAND["AttributeDefinitions"][:3],
    }


def test_a_provisioned_table_keeps_its_capacity_and_that_of_its_indexes() -> None:
    """An absent BillingModeSummary means PROVISIONED."""
    described = {
        **{k: v for k, v in ON_DEMAND.items() if k != "BillingModeSummary"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7},
    }
    described["GlobalSecondaryIndexes"] = [
        {
            **ON_DEMAND["GlobalSecondaryIndexes"][0],
            "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3},
        }
    ]
    made = create_table_input(described, name="t")
    assert made["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
    (index,) = get_objects(made, "GlobalSecondaryIndexes")
    assert index["ProvisionedThroughput"] == {
        "ReadCapacityUnits": 2,
        "WriteCapacityUnits": 3,
    }


def test_a_provisioned_table_can_be_created_on_demand() -> None:
    """`billing_mode` of the plan overrides the recorded one, and no capacity is sent."""
    described = {**ON_DEMAND, "BillingModeSummary": None}
    made = create_table_input(described, name="t", billing_mode="PAY_PER_REQUEST")
    assert "ProvisionedThroughput" not in made
    assert all("ProvisionedThroughput" not in index for index in get_objects(made, "GlobalSecondaryIndexes"))


def test_an_on_demand_table_cannot_be_created_provisioned() -> None:
    """Its capacity is not known, and a guess would throttle it or cost money."""
    with pytest.raises(Refused, match="was on demand"):
        create_table_input(ON_DEMAND, name="t", billing_mode="PROVISIONED")


def test_indexes_that_are_being_deleted_are_not_created_again() -> None:
    """Neither they nor the definitions of their keys. One that is being created is."""
    (index,) = ON_DEMAND["GlobalSecondaryIndexes"]
    deleting = {
        **index,
        "IndexName": "by-stray",
        "KeySchema": [{"AttributeName": "stray", "KeyType": "HASH"}],
        "IndexStatus": "DELETING",
    }
    vector = {"IndexName": "alike", "Dimensions": 3, "IndexStatus": "DELETING"}
    described = {
        **ON_DEMAND,
        "GlobalSecondaryIndexes": [{**index, "IndexStatus": "CREATING"}, deleting],
        "VectorIndexes": [vector],
    }
    assert create_table_input(described, name="x") == create_table_input(ON_DEMAND, name="x")


def test_a_table_without_its_global_indexes_and_each_index_alone() -> None:
    """Each with the definitions of its own keys; together they are the whole table."""
    definition = create_table_input(ON_DEMAND, name="x")
    (index,) = get_objects(definition, "GlobalSecondaryIndexes")
    table = without_global_indexes(definition)
    assert "GlobalSecondaryIndexes" not in table
    assert [each["AttributeName"] for each in get_objects(table, "AttributeDefinitions")] == ["pk", "sk"]
    assert index_creation(definition, index) == {
        "AttributeDefinitions": [{"AttributeName": "mail", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": index}],
    }
