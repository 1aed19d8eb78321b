"""The side effects of writing into an existing table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.errors import AccessDenied
from ddbbackup.ports import TableFacts
from ddbbackup.restore.target_warnings import read_target, target_warnings

ON_DEMAND = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def warnings(
    description: dict[str, Any] | None = None,
    *,
    ttl: Any = None,
    kinesis: Any = None,
    overwrites: bool = False,
) -> tuple[str, ...]:
    """``ttl`` and ``kinesis`` are the responses of AWS, or the error."""

    def respond(response: Any) -> Any:
        if isinstance(response, Exception):
            raise response
        return response

    settings = SimpleNamespace(
        time_to_live=lambda name: respond(ttl or {}), kinesis_destinations=lambda name: respond(kinesis or [])
    )
    cloud: Any = SimpleNamespace(settings=settings)
    table = TableFacts("orders", "arn", "1", "ACTIVE", (), 0, 0, {**ON_DEMAND, **(description or {})})
    return target_warnings(read_target(cloud, table), overwrites=overwrites)


def test_a_table_without_side_effects_has_no_warnings() -> None:
    """A warning that is always shown would not be read."""
    assert warnings(overwrites=True) == ()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"description": {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}},
            ["has a stream (KEYS_ONLY)", "does not list them, Lambda triggers included"],
        ),
        ({"description": {"Replicas": [{"RegionName": "eu-west-3"}]}}, ["replicas in eu-west-3", "bills"]),
        (
            {"kinesis": [{"StreamArn": "arn:aws:kinesis:x:1:stream/s", "DestinationStatus": "ACTIVE"}]},
            ["streams to Kinesis (s)"],
        ),
        (
            {"ttl": {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}},
            ["(attribute until)", "deletes restored items that have expired"],
        ),
        (
            {"description": {"BillingModeSummary": {}, "ProvisionedThroughput": {"WriteCapacityUnits": 5}}},
            ["5 write units", "does not change the capacity"],
        ),
        ({"description": {"OnDemandThroughput": {"MaxWriteRequestUnits": 50}}}, ["50 write units"]),
        ({"description": {"DeletionProtectionEnabled": True}}, ["does not prevent items from"]),
        (
            {"ttl": AccessDenied("not allowed", hint="-")},
            ["could not read the TTL of orders: not allowed"],
        ),
        (
            {"kinesis": {"StreamArn": "not a list"}},
            ["could not read the Kinesis destinations of orders", "expected a list"],
        ),
    ],
)
def test_each_side_effect_is_one_sentence(members: dict[str, Any], words: list[str]) -> None:
    """What the table has, and what it does. What cannot be read is a warning, never an error."""
    (message,) = warnings(**members, overwrites=True)
    assert all(word in message for word in words), message


def test_what_is_disabled_has_no_side_effect() -> None:
    """A disabled stream, TTL or Kinesis destination; deletion protection if no item is overwritten."""
    assert (
        warnings(
            {
                "StreamSpecification": {"StreamEnabled": False},
                "DeletionProtectionEnabled": True,
                "OnDemandThroughput": {"MaxWriteRequestUnits": -1},
            },
            kinesis=[{"StreamArn": "s", "DestinationStatus": "DISABLED"}],
            ttl={"TimeToLiveStatus": "DISABLED"},
        )
        == ()
    )
