"""Waiting for a table: until it accepts writes, or until DynamoDB changes nothing about it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest

from ddbbackup.errors import Refused, TableMissing, TimedOut
from ddbbackup.model.json_value import JsonObject
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.table_wait import busy, not_writable, wait_for_table
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def wait(
    clock: VirtualClock,
    statuses: Iterator[str | None],
    *,
    until: Literal["writable", "idle"] = "idle",
    created: bool = False,
    deadline: float | None = None,
) -> TableFacts:
    """A status of None is a missing table. After the last status the table is ACTIVE."""

    class Tables:
        def describe(self, name: str) -> TableFacts:
            status = next(statuses, "ACTIVE")
            if status is None:
                raise TableMissing("missing", hint="-")
            return TableFacts(name, ARN, "1", status, (), 0, 0, {"TableStatus": status})

    async def main() -> TableFacts:
        context = run_context(clock, deadline=deadline)
        cloud = cast("Cloud", SimpleNamespace(tables=Tables()))
        return await wait_for_table(AwsCaller(context, cloud), "orders", until=until, created=created)

    return run_virtually(main(), clock)


@pytest.mark.parametrize(
    "members",
    [
        {"TableStatus": "UPDATING"},
        {"SSEDescription": {"Status": "UPDATING"}},
        {"WarmThroughput": {"Status": "UPDATING"}},
        {"GlobalSecondaryIndexes": [{"IndexName": "i", "IndexStatus": "CREATING"}]},
        {"GlobalSecondaryIndexes": [{"IndexName": "i", "WarmThroughput": {"Status": "UPDATING"}}]},
        {"VectorIndexes": [{"IndexName": "v", "IndexStatus": "CREATING"}]},
        {"Replicas": [{"RegionName": "eu-central-1", "ReplicaStatus": "CREATING"}]},
    ],
    ids=lambda members: next(iter(members)),
)
def test_active_is_not_idle(members: dict[str, Any]) -> None:
    """An ACTIVE table may still be changing (observed on AWS)."""
    assert list(busy({"TableStatus": "ACTIVE"})) == []
    assert len(list(busy({"TableStatus": "ACTIVE", **members}))) == 1


def test_a_table_with_an_index_in_creation_is_not_writable() -> None:
    """Global secondary and vector indexes; a table that is only UPDATING is writable."""
    assert list(not_writable({"TableStatus": "UPDATING"})) == []
    for kind in ("GlobalSecondaryIndexes", "VectorIndexes"):
        description: JsonObject = {
            "TableStatus": "ACTIVE",
            kind: [{"IndexName": "i", "IndexStatus": "CREATING"}],
        }
        assert list(not_writable(description)) == ["index i CREATING"]


def test_an_idle_table_is_returned_as_soon_as_it_is_idle() -> None:
    """With the description that showed it."""
    clock = VirtualClock()
    assert wait(clock, iter(["UPDATING"] * 30)).status == "ACTIVE"
    assert 60 < clock.passed < 600


def test_the_wait_ends_after_four_hours_or_at_the_deadline_of_the_run() -> None:
    """Exit code 75."""
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="not ready: TableStatus UPDATING"):
        wait(clock, iter(["UPDATING"] * 100_000))
    assert clock.passed == pytest.approx(4 * 3600)
    clock = VirtualClock()
    with pytest.raises(TimedOut):
        wait(clock, iter(["UPDATING"] * 100_000), deadline=60.0)
    assert clock.passed == pytest.approx(60.0)


def test_a_table_that_will_never_be_ready_is_an_error_at_once() -> None:
    """The message has its status."""
    clock = VirtualClock()
    with pytest.raises(Refused, match="INACCESSIBLE"):
        wait(clock, iter(["INACCESSIBLE_ENCRYPTION_CREDENTIALS"]))
    assert clock.passed == 0


def test_a_table_that_was_just_created_may_be_missing_for_a_minute() -> None:
    """Any other missing table is an error at once."""
    clock = VirtualClock()
    assert wait(clock, iter([None] * 5), created=True).status == "ACTIVE"
    with pytest.raises(TableMissing):
        wait(clock, iter([None] * 5))
    with pytest.raises(TableMissing):
        wait(VirtualClock(), iter([None] * 1000), created=True)
