"""Reading settings never fails: a setting that cannot be read is unknown, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from ddbbackup.catalog import ObservedSetting
from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported, Refused, Throttled, Unreachable
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.read import read_settings
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.rate_limits import RateLimits
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually

DESCRIPTION: dict[str, Any] = {
    "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:1:key/1"},
    "StreamSpecification": {"StreamEnabled": True},
    "LatestStreamArn": "arn:stream",
}
TABLE = TableFacts("orders", "arn:orders", "1", "ACTIVE", (), 0, 0, DESCRIPTION)


class Responses:
    """A cloud that returns the same response to every call that reads a setting."""

    def __init__(self, respond: Callable[[str], Any]) -> None:
        self._respond = respond
        self.calls: Counter[str] = Counter()
        self.settings = self.scaling = self

    def kms_keys(self, region: str) -> Responses:
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_: Any) -> Any:
            self.calls[name] += 1
            return self._respond(name)

        return call


def read(cloud: Responses, *, rate_limits: RateLimits | None = None) -> dict[str, ObservedSetting]:
    clock = VirtualClock()

    async def main() -> dict[str, ObservedSetting]:
        context = run_context(clock, rate_limits=rate_limits or RateLimits())
        return await read_settings(AwsCaller(context, cast("Cloud", cloud)), TABLE)

    return run_virtually(main(), clock)


def raising(error: Exception) -> Callable[[str], Any]:
    def respond(_: str) -> Any:
        raise error

    return respond


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDenied("no", hint="allow it"), "denied"),
        (NotSupported("unknown operation", hint="-"), "unsupported"),
        (Throttled("throttled", hint="-"), "throttled"),
        (Unreachable("no answer", hint="-"), "unreachable"),
        (Refused("broken", hint="-"), "failed"),
        (KeyError("StreamArn"), "failed"),
        (TypeError("a response of a future version"), "failed"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
def test_a_setting_that_cannot_be_read_is_unknown_with_the_reason(error: Exception, reason: str) -> None:
    """Each setting, for each error, also for one that no code expects."""
    found = read(Responses(raising(error)))
    assert set(found) == {setting.name for setting in SETTINGS if setting.has_own_api}
    assert {(each.state, each.reason) for each in found.values()} == {("unknown", reason)}
    if isinstance(error, DdbBackupError):
        assert {each.message for each in found.values()} == {error.message}


def test_an_empty_response_is_absent() -> None:
    """AWS has no such setting for the table: that is known."""
    empty: dict[str, Any] = {
        "resource_policy": None,
        "describe": None,
        "targets": [],
        "kinesis_destinations": [],
    }
    found = read(Responses(lambda name: empty.get(name, {})))
    assert {each.state for each in found.values()} == {"absent"}


def test_a_response_of_another_type_is_unknown() -> None:
    """It is neither a setting nor the absence of one, and it does not fail the backup."""
    found = read(Responses(lambda name: 7))
    assert {(each.state, each.reason) for each in found.values()} == {("unknown", "failed")}


def test_an_unreachable_service_is_called_once_in_a_run() -> None:
    """As in a subnet with endpoints for DynamoDB and S3 only. DynamoDB itself is called for every table."""
    cloud, rate_limits = Responses(raising(Unreachable("no route", hint="-"))), RateLimits()
    for _ in range(3):
        found = read(cloud, rate_limits=rate_limits)
    assert (cloud.calls["targets"], cloud.calls["describe"]) == (1, 1)
    assert cloud.calls["time_to_live"] == 3
    assert found["auto-scaling"].reason == "unreachable"
