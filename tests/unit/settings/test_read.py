"""Reading settings never fails: what cannot be read is unknown, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from ddbbackup.catalog import ObservedSetting
from ddbbackup.catalog.record import Record
from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported, Refused, Throttled, Unreachable
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.read import read_settings, settings_not_read
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.rate_limits import RateLimits
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually

KEY = {"SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:1:key/1"}}
STREAM = {"StreamSpecification": {"StreamEnabled": True}, "LatestStreamArn": "arn:stream"}
TABLE = TableFacts("orders", "arn:orders", "1", "ACTIVE", (), 0, 0, {**KEY, **STREAM})


class Answers:
    """A cloud whose every question about a setting has the same answer."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer
        self.asked: Counter[str] = Counter()
        self.settings = self.scaling = self

    def kms_keys(self, region: str) -> Answers:
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*_: Any) -> Any:
            self.asked[name] += 1
            return self._answer(name)

        return ask


def read(cloud: Answers, *, rate_limits: RateLimits | None = None) -> dict[str, ObservedSetting]:
    clock = VirtualClock()

    async def main() -> dict[str, ObservedSetting]:
        context = run_context(clock, rate_limits=rate_limits or RateLimits())
        return await read_settings(AwsCaller(context, cast("Cloud", cloud)), TABLE)

    return run_virtually(main(), clock)


def raising(error: Exception) -> Callable[[str], Any]:
    def answer(_: str) -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDenied("no", hint="ask"), "denied"),
        (NotSupported("what?", hint="-"), "unsupported"),
        (Throttled("slower", hint="-"), "throttled"),
        (Unreachable("…", hint="-"), "unreachable"),
        (Refused("broken", hint="-"), "failed"),
        (KeyError("StreamArn"), "failed"),
        (TypeError("an answer of next year"), "failed"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
def test_what_cannot_be_read_is_unknown_with_the_reason(error: Exception, reason: str) -> None:
    """Every setting, whatever goes wrong, even what nobody foresaw."""
    found = read(Answers(raising(error)))
    assert set(found) == {setting.name for setting in SETTINGS if setting.has_own_api}
    assert {(each.state, each.reason) for each in found.values()} == {("unknown", reason)}
    if isinstance(error, DdbBackupError):
        assert {each.message for each in found.values()} == {error.message}


def test_an_answer_of_nothing_is_absent() -> None:
    """AWS was asked and has none: that is known."""
    found = read(Answers(lambda _: None if _ in ("resource_policy", "describe") else {}))
    assert {each.state for each in found.values()} == {"absent"}


def test_a_service_without_a_way_to_it_is_tried_once_a_run() -> None:
    """In a subnet with endpoints for DynamoDB and S3 only; DynamoDB itself is asked for every table."""
    cloud, rate_limits = Answers(raising(Unreachable("no way", hint="-"))), RateLimits()
    for _ in range(3):
        found = read(cloud, rate_limits=rate_limits)
    assert (cloud.asked["targets"], cloud.asked["describe"]) == (1, 1)
    assert cloud.asked["time_to_live"] == 3
    assert found["auto-scaling"].reason == "unreachable"


def test_the_report_of_a_backup_tells_what_no_restore_can_put_back() -> None:
    """What the endpoint does not have is nothing lost."""
    readings = {
        "ttl": ObservedSetting("unknown", reason="denied", message="no"),
        "kinesis": ObservedSetting("unknown", reason="unsupported", message="what?"),
        "pitr": ObservedSetting("absent"),
    }
    record = cast("Record", type("R", (), {"settings": readings}))
    assert settings_not_read(record) == {"settings_not_read": ["ttl (denied)"]}
    assert settings_not_read(cast("Record", type("R", (), {"settings": None}))) == {}
