"""Settings are applied one change at a time, and reported as AWS returns them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from ddbbackup.catalog import ObservedSetting
from ddbbackup.errors import AccessDenied, NotYetVisible, Refused, Unreachable
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.apply import IN_PROGRESS_SECONDS, SettingsApplier
from ddbbackup.settings.plan_changes import SettingResult, apply_inputs
from ddbbackup.settings.setting import SettingsSnapshot
from ddbbackup.settings.tags import Tags
from ddbbackup.steps.aws_caller import AwsCaller
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock, run_virtually

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
INDEX = {"IndexName": "by-who", "IndexStatus": "ACTIVE"}
ENABLED, ENABLING, FAILED = (
    {"ContributorInsightsStatus": status} for status in ("ENABLED", "ENABLING", "FAILED")
)
DISABLED: dict[str, str] = {"ContributorInsightsStatus": "DISABLED"}


class Table:
    """A table in the cloud. ``delay`` is how long AWS takes to return a change."""

    def __init__(self, clock: VirtualClock, *, indexes: tuple[str, ...] = (), delay: float = 0.0) -> None:
        self.clock = clock
        self.delay = delay
        self.calls: list[str] = []
        self.tagged: dict[str, str] = {}
        self.insights: dict[str | None, Mapping[str, str]] = {}
        self.after_enable: Callable[[str | None], None] = self._enable_at_once
        self.error: Exception | None = None
        self.loses_the_response = False
        self.indexes = [{**INDEX, "IndexName": name} for name in indexes]
        self.tables = self.settings = self

    def describe(self, name: str) -> TableFacts:
        description: dict[str, Any] = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": self.indexes}
        return TableFacts(name, ARN, "1", "ACTIVE", (), 0, 0, description)

    def tags(self, arn: str) -> Mapping[str, str]:
        return dict(self.tagged)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self.calls.append("tag")
        if self.error is not None and not self.loses_the_response:
            raise self.error
        self.clock.at(self.clock.passed + self.delay, lambda: self.tagged.update(tags))
        self.clock.advance(0)
        if self.error is not None:
            raise self.error

    def contributor_insights(self, name: str, index: str | None) -> Mapping[str, str]:
        return self.insights.get(index, DISABLED)

    def enable_contributor_insights(self, name: str, index: str | None, mode: str | None) -> None:
        self.calls.append(f"insights {index}")
        self.after_enable(index)

    def _enable_at_once(self, index: str | None) -> None:
        self.insights[index] = ENABLED

    def enable_slowly(self, seconds: float, status: Mapping[str, str]) -> None:
        def enable(index: str | None) -> None:
            self.insights[index] = ENABLING
            self.clock.at(self.clock.passed + seconds, lambda: self.insights.update({index: status}))

        self.after_enable = enable


def apply(
    table: Table,
    setting: str,
    response: Any,
    *,
    deadline: float | None = None,
    indexes: Any = (),
    more: Mapping[str, Any] | None = None,
) -> SettingResult:
    """The result for one requested setting, of which the record has this response."""

    async def main() -> SettingResult:
        context = run_context(table.clock, deadline=deadline)
        recorded = SettingsSnapshot(
            {"TableArn": ARN, "TableStatus": "ACTIVE", "GlobalSecondaryIndexes": indexes, **(more or {})},
            {setting: ObservedSetting("present", response)},
        )
        inputs = apply_inputs(
            source_arn=ARN,
            recorded=recorded,
            target_arn=ARN,
            target=SettingsSnapshot(),
            selection=(setting,),
            billing_mode=None,
            created=False,
        )
        call_aws = AwsCaller(context, cast("Cloud", table))
        results = await SettingsApplier(call_aws, inputs, table.describe("orders")).apply_all()
        (result,) = [each for each in results if each.setting == setting]
        return result

    return run_virtually(main(), table.clock)


TAGS = {"team": "a"}
VISIBLE_SECONDS = Tags.visible_seconds


def test_a_change_that_aws_returns_is_applied() -> None:
    """The change is made once, and the setting is read again until AWS returns it."""
    table = Table(VirtualClock(), delay=20.0)
    result = apply(table, "tags", TAGS)
    assert (result.status, result.requested, result.missing) == ("applied", True, False)
    assert (table.calls, table.tagged) == (["tag"], TAGS)
    assert 20.0 <= table.clock.passed < 60.0


def test_a_setting_that_the_target_has_is_not_changed() -> None:
    """So a run that was interrupted continues where it stopped."""
    table = Table(VirtualClock())
    table.tagged = {**TAGS, "own": "x"}
    assert apply(table, "tags", TAGS).status == "unchanged"
    assert table.calls == []


def test_a_change_that_aws_never_returns_fails() -> None:
    """After a bounded time, with the reason."""
    table = Table(VirtualClock(), delay=1e9)
    result = apply(table, "tags", TAGS)
    assert (result.status, result.missing) == ("failed", True)
    assert result.reason == "AWS accepted the change, but did not return it within 180 seconds"
    assert VISIBLE_SECONDS <= table.clock.passed < VISIBLE_SECONDS + 30


def test_a_change_in_progress_is_waited_for_longer() -> None:
    """AWS reports that it is still working on it."""
    table = Table(VirtualClock())
    table.enable_slowly(VISIBLE_SECONDS + 100, ENABLED)
    assert apply(table, "insights", {"table": ENABLED}).status == "applied"
    assert table.clock.passed >= VISIBLE_SECONDS + 100


def test_a_change_that_stays_in_progress_fails() -> None:
    """With a hint to run the restore again."""
    table = Table(VirtualClock())
    table.enable_slowly(1e9, ENABLED)
    result = apply(table, "insights", {"table": ENABLED})
    assert result.status == "failed"
    assert "still in progress after 900 seconds; run the restore again" in result.reason
    assert table.clock.passed == IN_PROGRESS_SECONDS


def test_waiting_ends_at_the_deadline_of_the_run() -> None:
    """The time limit of the run is shorter than the time that a change may take."""
    table = Table(VirtualClock())
    table.enable_slowly(1e9, ENABLED)
    assert apply(table, "insights", {"table": ENABLED}, deadline=60.0).status == "failed"
    assert table.clock.passed == 60.0


def test_a_change_that_fails_later_is_reported_with_its_reason() -> None:
    """AWS accepts some changes, and reports only afterwards that they failed."""
    table = Table(VirtualClock())
    table.enable_slowly(30, FAILED)
    result = apply(table, "insights", {"table": ENABLED})
    assert (result.status, result.missing) == ("failed", True)
    assert result.reason == "Contributor Insights of the table failed: AWS gave no reason"


def test_a_change_that_an_interrupted_run_began_is_waited_for() -> None:
    """It may still fail, and is not made a second time."""
    table = Table(VirtualClock())
    table.insights = {None: ENABLING}
    table.clock.at(30, lambda: table.insights.update({None: FAILED}))
    assert apply(table, "insights", {"table": ENABLED}).status == "failed"
    assert table.calls == []


def test_each_change_is_made_once_and_one_at_a_time() -> None:
    """The table and each index."""
    table = Table(VirtualClock(), indexes=("by-who", "by-day"))
    recorded = {"table": ENABLED, "index by-who": ENABLED, "index by-day": ENABLED}
    assert apply(table, "insights", recorded, indexes=table.indexes).status == "applied"
    assert table.calls == ["insights None", "insights by-who", "insights by-day"]


def test_what_is_possible_is_applied_before_the_rest_is_refused() -> None:
    """Insights of the table are enabled, although the target does not have the index."""
    table = Table(VirtualClock())
    table.enable_slowly(30, ENABLED)
    result = apply(table, "insights", {"table": ENABLED, "index by-who": ENABLED}, indexes=[INDEX])
    assert (result.status, result.missing) == ("refused", True)
    assert "the target has no index by-who" in result.reason
    assert table.insights == {None: ENABLED}


@pytest.mark.parametrize("error", [AccessDenied("not authorized", hint="allow it"), Refused("no", hint="-")])
def test_a_change_that_aws_refuses_is_refused_with_message_and_hint(error: AccessDenied | Refused) -> None:
    """The same texts as of the error."""
    table = Table(VirtualClock())
    table.error = error
    result = apply(table, "tags", TAGS)
    assert (result.status, result.reason) == ("refused", f"{error.message}; {error.hint}")
    assert result.missing


def test_a_change_whose_response_was_lost_is_applied_if_aws_returns_it() -> None:
    """AWS refuses some changes, such as those of TTL, if they are repeated."""
    table = Table(VirtualClock())
    table.error, table.loses_the_response = Unreachable("connection reset", hint="-"), True
    assert apply(table, "tags", TAGS).status == "applied"
    assert table.calls == ["tag"]


def test_a_change_whose_response_was_lost_fails_if_aws_does_not_return_it() -> None:
    """The error that the call raised is the reason."""
    table = Table(VirtualClock(), delay=1e9)
    table.error, table.loses_the_response = Unreachable("connection reset", hint="try again"), True
    result = apply(table, "tags", TAGS)
    assert (result.status, result.reason) == ("failed", "connection reset; try again")


REPLICA = {"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE"}


class GlobalTable(Table):
    """``outcomes`` are those of the requests for a replica: made, dropped, or answered with HTTP 500."""

    def __init__(self, clock: VirtualClock, *outcomes: str) -> None:
        super().__init__(clock)
        self.outcomes = list(outcomes)
        self.replicas: list[Mapping[str, str]] = []

    def describe(self, name: str) -> TableFacts:
        facts = super().describe(name)
        return replace(facts, description={**facts.description, "TableArn": ARN, "Replicas": self.replicas})

    def update_table(self, name: str, change: Mapping[str, Any]) -> None:
        outcome = self.outcomes.pop(0)
        self.calls.append(outcome)
        if outcome == "made":
            self.replicas = [REPLICA]
        if outcome == "500":
            raise Unreachable("Internal server error", hint="run the same command again later")


@pytest.mark.parametrize("first", ["500", "dropped"])
def test_a_replica_that_aws_did_not_create_is_requested_again(first: str) -> None:
    """The first request may be answered with HTTP 500, and a 200 is not durable: look again."""
    table = GlobalTable(VirtualClock(), first, "made")
    assert apply(table, "replicas", {}, more={"Replicas": [REPLICA]}).status == "applied"
    assert table.calls == [first, "made"]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("500", "Internal server error"),
        ("dropped", "AWS accepted the change, but did not return it within 60 seconds"),
    ],
)
def test_a_replica_that_aws_never_creates_fails(outcome: str, reason: str) -> None:
    """After three requests."""
    table = GlobalTable(VirtualClock(), *[outcome] * 3)
    result = apply(table, "replicas", {}, more={"Replicas": [REPLICA]})
    assert (result.status, result.missing) == ("failed", True)
    assert result.reason.startswith(reason)
    assert len(table.calls) == 3


def test_a_scaling_policy_is_put_once_the_new_target_is_found() -> None:
    """Application Auto Scaling does not find a target for a moment after its registration."""
    which = {"ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:WriteCapacityUnits"}
    policy = {**which, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    response = {
        "targets": [{**which, "MinCapacity": 1, "MaxCapacity": 2}],
        "policies": [policy],
        "actions": [],
    }
    for seconds, status in ((5.0, "applied"), (1e9, "refused")):
        table = Scaling(VirtualClock(), seconds)
        assert apply(table, "auto-scaling", response).status == status
        assert table.calls[0] == "register"
        assert table.clock.passed < 180.0


class Scaling(Table):
    """A provisioned table. Its scalable target is found ``seconds`` after its registration."""

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        super().__init__(clock)
        self.seconds = seconds
        self.found_at = 0.0
        self.registered: list[Mapping[str, Any]] = []
        self.put: list[Mapping[str, Any]] = []
        self.scaling = self

    def targets(self, resources: Any) -> list[Mapping[str, Any]]:
        return self.registered

    def policies(self, resource: str) -> list[Mapping[str, Any]]:
        return self.put

    def actions(self, resource: str) -> list[Mapping[str, Any]]:
        return []

    def register(self, target: Mapping[str, Any]) -> None:
        self.calls.append("register")
        self.registered = [target]
        self.found_at = self.clock.passed + self.seconds

    def put_policy(self, policy: Mapping[str, Any]) -> None:
        self.calls.append("put")
        if self.clock.passed < self.found_at:
            raise NotYetVisible("No scalable target registered", hint="register it")
        self.put = [policy]


def test_a_malformed_record_of_one_setting_fails_that_setting() -> None:
    """The others are applied."""
    table = Table(VirtualClock())
    result = apply(table, "tags", ["team", "a"])
    assert (result.status, result.missing) == ("failed", True)
    assert "expected an object" in result.reason
