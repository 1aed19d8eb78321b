"""What is said before an existing table is written into."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.restore.target_warnings import TargetLook, warnings_of

ON_DEMAND = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def look(description: dict[str, Any] | None = None, **members: Any) -> TargetLook:
    return TargetLook("orders", {**ON_DEMAND, **(description or {})}, **members)


def test_a_plain_table_is_warned_of_in_no_way() -> None:
    """Nobody reads warnings that are always there."""
    assert warnings_of(look(), overwrites=True) == ()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            look({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}),
            ["has a stream (KEYS_ONLY)", "Lambda triggers among them cannot be seen"],
        ),
        (look({"Replicas": [{"RegionName": "eu-west-3"}]}), ["replicas in eu-west-3", "billed"]),
        (
            look(kinesis=[{"StreamArn": "arn:aws:kinesis:x:1:stream/s", "DestinationStatus": "ACTIVE"}]),
            ["streams to Kinesis (s)"],
        ),
        (
            look(time_to_live={"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}),
            ["(until)", "deleted again"],
        ),
        (
            look({"BillingModeSummary": {}, "ProvisionedThroughput": {"WriteCapacityUnits": 5}}),
            ["5 write units", "changes no capacity"],
        ),
        (look({"OnDemandThroughput": {"MaxWriteRequestUnits": 50}}), ["50 write units"]),
        (look({"DeletionProtectionEnabled": True}), ["does not protect items"]),
        (
            look(unread={"time to live": "not allowed"}),
            ["time to live of orders could not be read: not allowed"],
        ),
    ],
)
def test_each_thing_that_writes_set_off_is_one_sentence(found: TargetLook, words: list[str]) -> None:
    """What there is, and what it does."""
    (said,) = warnings_of(found, overwrites=True)
    assert all(word in said for word in words)


def test_what_is_off_sets_off_nothing() -> None:
    """A disabled stream, TTL or Kinesis destination; protection where nothing is written over."""
    found = look(
        {
            "StreamSpecification": {"StreamEnabled": False},
            "DeletionProtectionEnabled": True,
            "OnDemandThroughput": {"MaxWriteRequestUnits": -1},
        },
        kinesis=[{"StreamArn": "s", "DestinationStatus": "DISABLED"}],
        time_to_live={"TimeToLiveStatus": "DISABLED"},
    )
    assert warnings_of(found) == ()
