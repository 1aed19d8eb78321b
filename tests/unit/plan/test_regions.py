"""Every region that the SDK knows can be in a plan: also those of China, GovCloud, Europe's own and isolated ones."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest

from ddbbackup.model.arn import Arn
from ddbbackup.plan.schemas import plan_schema

PARTITIONS: list[dict[str, Any]] = botocore.session.get_session().get_data("endpoints")["partitions"]
REGIONS = [(each["partition"], region) for each in PARTITIONS for region in each["regions"]]


@pytest.mark.parametrize(("partition", "region"), REGIONS)
def test_a_region_of_the_sdk_is_a_region_of_a_plan(partition: str, region: str) -> None:
    """And so are ARNs there."""
    schema = plan_schema()
    definitions = schema["$defs"]
    assert re.match(definitions["region"]["pattern"], region)
    role = f"arn:{partition}:iam::123456789012:role/backup"
    patterns = [pattern for pattern in patterns_of(schema) if ":iam::" in pattern]
    assert patterns
    assert all(re.match(pattern, role) for pattern in patterns)
    table = Arn.of_table("orders", partition=partition, region=region, account="123456789012")
    assert Arn.parse(str(table)) == table


def patterns_of(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["pattern"]] if isinstance(node.get("pattern"), str) else []
        return own + [pattern for inner in node.values() for pattern in patterns_of(inner)]
    if isinstance(node, list):
        return [pattern for inner in node for pattern in patterns_of(inner)]
    return []
