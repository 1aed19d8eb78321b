"""Selecting tables by tags: one request for all of them where that is possible."""

from __future__ import annotations

import json

import pytest

from tests.support.aws import Aws
from tests.support.calls import Call, calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program, Result

Tables = list[str]


@pytest.fixture
def tables(sandbox: Aws, name: str) -> Tables:
    """Thirty tables, of which three have the tag."""
    names = [f"{name}-{number:02}" for number in range(30)]
    for number, table in enumerate(names):
        arn = sandbox.create_table(table, pitr=True)
        value = name if number < 3 else "other"
        sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": value}])
    return names


def status(
    aws: Aws, bucket: str, name: str, program: Program, *arguments: str, tagging: bool
) -> tuple[Result, list[Call]]:
    urls = dict(aws.endpoint_urls)
    if tagging:
        urls["resourcegroupstaggingapi"] = aws.url
    entries = [{"tags": {"backup": name}, "rpo": "24h"}]
    program.plan(plan(aws, bucket, {"endpoint_urls": urls}, tables=entries))
    with calls_of_sandbox() as calls:
        done = program.run("status", "--output", "json", *arguments)
    return done, calls


def selected(done: Result) -> list[str]:
    return [row["table"] for row in json.loads(done.out)["tables"]]


def test_the_tags_of_all_tables_take_one_request(
    sandbox: Aws, bucket: str, name: str, program: Program, tables: Tables
) -> None:
    """GetResources, and no request for each table."""
    done, calls = status(sandbox, bucket, name, program, tagging=True)
    assert selected(done) == tables[:3]
    asked = [call.operation for call in calls if "Tags" in call.operation or call.service == "tag"]
    assert set(asked) == {"GetResources"}
    assert done.named("tags.progressed") == []


def test_without_the_service_the_tags_are_read_one_by_one_and_that_is_said(
    sandbox: Aws, bucket: str, name: str, program: Program, tables: Tables
) -> None:
    """With how many there are."""
    done, calls = status(sandbox, bucket, name, program, tagging=False)
    assert selected(done) == tables[:3]
    asked = {call.resource for call in calls if call.operation == "ListTagsOfResource"}
    assert len([arn for arn in asked if f"/{name}-" in arn]) == 30
    (said,) = [each for each in done.named("tags.progressed") if each["done"] == 0]
    assert said["total"] >= 30
    assert said["unit"] == "tables"


def test_only_the_tags_of_wanted_tables_are_read(
    sandbox: Aws, bucket: str, name: str, program: Program, tables: Tables
) -> None:
    """``--only`` comes first."""
    done, calls = status(sandbox, bucket, name, program, "--only", f"{name}-0[01]", tagging=False)
    assert selected(done) == tables[:2]
    asked = [call.resource for call in calls if call.operation == "ListTagsOfResource"]
    assert len(asked) == 2
