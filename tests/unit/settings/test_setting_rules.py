"""What each setting becomes where it goes, and what cannot go there: pure rules, as cases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.catalog.observed_setting import ABSENT, ObservedSetting, present
from ddbbackup.errors import Refused
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS, WORDS
from ddbbackup.settings.plan_changes import (
    Result,
    creation_input,
    decide,
    differences,
    newer_settings,
    recorded_snapshot,
)
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.setting import ApplyInputs, Setting, SettingsSnapshot, Skipped

HERE = "arn:aws:dynamodb:eu-west-1:111111111111:table/orders"
COPY = "arn:aws:dynamodb:eu-west-1:111111111111:table/copy"
REGION = "arn:aws:dynamodb:eu-central-1:111111111111:table/orders"
ACCOUNT = "arn:aws:dynamodb:eu-west-1:222222222222:table/orders"
BY_NAME = {setting.name: setting for setting in SETTINGS}
DESCRIPTION: dict[str, Any] = {
    "TableArn": HERE,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}


def inputs(
    target_arn: str = HERE,
    *,
    description: Mapping[str, Any] | None = None,
    recorded: SettingsSnapshot | None = None,
    target: Mapping[str, Any] | None = None,
    asked: frozenset[str] = frozenset(WORDS),
    named: frozenset[str] = frozenset(),
) -> ApplyInputs:
    return ApplyInputs(
        move=Relocation.between(HERE, target_arn),
        recorded=recorded or SettingsSnapshot(description or DESCRIPTION, {}),
        target=SettingsSnapshot(
            target if target is not None else {**DESCRIPTION, "TableArn": target_arn}, {}
        ),
        asked=asked,
        named=named,
    )


def facts(arn: str = HERE, **members: Any) -> TableFacts:
    name = arn.rpartition("/")[2]
    return TableFacts(name, arn, "1", "ACTIVE", (), 0, 0, {**DESCRIPTION, "TableArn": arn, **members})


def left(setting: Setting, desired: Any, existing: Any, **members: Any) -> list[str]:
    return [change.label for change in setting.changes(desired, existing, facts(**members))]


# ---- ARNs


@given(st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True))
def test_only_the_tables_own_arns_become_those_of_the_target(other: str) -> None:
    """A table whose name merely begins with the source's is another table."""
    move = Relocation.between(HERE, REGION)
    longer = f"{HERE}{other}"
    assert move.rewrite([HERE, f"{HERE}/index/*", {f"{HERE}/stream/s": longer}]) == [
        REGION,
        f"{REGION}/index/*",
        {f"{REGION}/stream/s": longer},
    ]


def test_names_with_dots_are_no_patterns() -> None:
    """`a.b` does not stand for `axb`."""
    move = Relocation.between("arn:aws:dynamodb:eu-west-1:1:table/a.b", COPY)
    assert move.rewrite("arn:aws:dynamodb:eu-west-1:1:table/axb").endswith("axb")


# ---- encryption

MULTI = "arn:aws:kms:eu-west-1:111111111111:key/mrk-1234"
SINGLE = "arn:aws:kms:eu-west-1:111111111111:key/1234"


@pytest.mark.parametrize(
    ("key", "target", "becomes"),
    [
        (SINGLE, COPY, SINGLE),
        ("1234", COPY, "1234"),
        (MULTI, REGION, "arn:aws:kms:eu-central-1:111111111111:key/mrk-1234"),
        ("aws/dynamodb", REGION, "aws/dynamodb"),
        ("aws/dynamodb", ACCOUNT, "aws/dynamodb"),
    ],
)
def test_a_key_goes_where_it_exists(key: str, target: str, becomes: str) -> None:
    """A multi-Region key in its other region, aws/dynamodb everywhere."""
    assert BY_NAME["encryption"].desired({"key": key}, inputs(target)) == {"key": becomes}


@pytest.mark.parametrize(
    ("key", "target", "why"),
    [
        (SINGLE, REGION, "exists in eu-west-1 only"),
        (SINGLE, ACCOUNT, "belongs to account 111111111111"),
        ("1234", REGION, "not named by an ARN"),
    ],
)
def test_a_key_that_is_not_there_is_refused(key: str, target: str, why: str) -> None:
    """With what to do instead; and no definition of a table without it is made."""
    with pytest.raises(Refused, match=why):
        BY_NAME["encryption"].desired({"key": key}, inputs(target))
    encrypted = {**DESCRIPTION, "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": key}}
    with pytest.raises(Refused, match=why):
        creation_input({}, inputs(target, description=encrypted))
    assert creation_input(
        {"TableName": "x"}, inputs(target, description=encrypted, asked=frozenset({"ttl"}))
    ) == {"TableName": "x"}


def test_the_key_of_aws_is_asked_for_without_its_id() -> None:
    """botocore's model: KMSMasterKeyId only for another key than aws/dynamodb. Only KMS tells them apart."""
    description = {**DESCRIPTION, "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": SINGLE}}
    for manager, expected in (("AWS", None), ("CUSTOMER", SINGLE), (None, SINGLE)):
        reading = (
            ObservedSetting("present", {"KeyManager": manager})
            if manager
            else ObservedSetting("unknown", reason="denied", message="not allowed")
        )
        made = creation_input(
            {}, inputs(COPY, recorded=SettingsSnapshot(description, {"encryption": reading}))
        )
        assert made["SSESpecification"].get("KMSMasterKeyId") == expected


# ---- policies


def policy(**members: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": [HERE], **members}]}


def test_a_policy_speaks_of_the_target() -> None:
    """In its resources, and in conditions that name the table."""
    written = policy(
        Principal={"AWS": "arn:aws:iam::111111111111:role/r"}, Condition={"ArnLike": {"x": HERE}}
    )
    (statement,) = BY_NAME["policy"].desired(written, inputs(COPY))["Statement"]
    assert (statement["Resource"], statement["Condition"]) == ([COPY], {"ArnLike": {"x": COPY}})


@pytest.mark.parametrize(
    ("written", "target", "why"),
    [
        (policy(Principal={"AWS": "arn:aws:iam::111111111111:root"}), ACCOUNT, "account 111111111111"),
        (policy(Principal={"AWS": "111111111111"}), ACCOUNT, "account 111111111111"),
        (
            policy(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
            REGION,
            "region eu-west-1",
        ),
        (
            policy(Condition={"ArnLike": {"x": "arn:aws:lambda:eu-west-1:1:function:f"}}),
            REGION,
            "region eu-west-1",
        ),
    ],
)
def test_a_policy_that_speaks_of_the_old_place_is_refused(
    written: dict[str, Any], target: str, why: str
) -> None:
    """Whether a role of that name exists there, or should be let in, nobody here knows."""
    with pytest.raises(Refused, match=why):
        BY_NAME["policy"].desired(written, inputs(target))


def test_a_policy_moves_to_another_region_if_it_names_none() -> None:
    """Principals have no region."""
    written = policy(Principal={"AWS": "arn:aws:iam::111111111111:role/r"})
    assert HERE not in json.dumps(BY_NAME["policy"].desired(written, inputs(REGION)))


def test_a_policy_of_a_stream_needs_a_stream() -> None:
    """Its resource becomes the new stream, whatever its label."""
    old, new = f"{HERE}/stream/2025", f"{COPY}/stream/2026"
    recorded = SettingsSnapshot({**DESCRIPTION, "LatestStreamArn": old}, {})
    written = policy(Resource=old)
    there = inputs(COPY, recorded=recorded, target={"LatestStreamArn": new})
    assert BY_NAME["stream-policy"].desired(written, there)["Statement"][0]["Resource"] == new
    with pytest.raises(Refused, match="has no stream"):
        BY_NAME["stream-policy"].desired(
            written, inputs(COPY, recorded=recorded, target={}, asked=frozenset({"stream-policy"}))
        )


# ---- Kinesis, replicas, auto scaling

STREAM = "arn:aws:kinesis:eu-west-1:111111111111:stream/changes"


def test_a_copy_does_not_feed_the_originals_consumers_unless_it_is_named() -> None:
    """`all` means the table as it was, not twice its changes in one stream."""
    kinesis = BY_NAME["kinesis"]
    with pytest.raises(Skipped, match="carries the changes of orders"):
        kinesis.desired({STREAM: "MILLISECOND"}, inputs(COPY))
    assert kinesis.desired({STREAM: "MILLISECOND"}, inputs(COPY, named=frozenset({"kinesis"})))
    assert kinesis.desired({STREAM: "MILLISECOND"}, inputs(HERE)) == {STREAM: "MILLISECOND"}
    there = kinesis.desired({STREAM: "MILLISECOND"}, inputs(REGION))
    assert list(there) == ["arn:aws:kinesis:eu-central-1:111111111111:stream/changes"]


def test_replicas_come_back_where_they_can() -> None:
    """Not in the target's own region; not strongly consistent; not with somebody else's keys."""
    replicas = BY_NAME["replicas"]
    described = {
        "TableArn": HERE,
        "Replicas": [
            {"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"},
            {"RegionName": "eu-central-1", "ReplicaStatus": "ACTIVE"},
            {
                "RegionName": "us-east-1",
                "ReplicaStatus": "ACTIVE",
                "KMSMasterKeyId": "arn:aws:kms:us-east-1:111111111111:key/1",
                "ReplicaTableClassSummary": {"TableClass": "STANDARD"},
                "ProvisionedThroughputOverride": {"ReadCapacityUnits": 5},
            },
        ],
    }
    value = replicas.normalize(described)
    assert set(value["regions"]) == {"eu-central-1", "us-east-1"}
    assert set(replicas.desired(value, inputs(REGION))["regions"]) == {"us-east-1"}
    with pytest.raises(Refused, match="another account"):
        replicas.desired(value, inputs(ACCOUNT))
    with pytest.raises(Refused, match="strongly consistent"):
        replicas.desired(replicas.normalize({**described, "MultiRegionConsistency": "STRONG"}), inputs(HERE))
    (change,) = replicas.changes(replicas.desired(value, inputs(REGION)), None, facts(REGION))
    assert (change.label, change.operation) == ("us-east-1", "UpdateTable")


def test_auto_scaling_is_that_of_the_target() -> None:
    """Resources, the names that consoles make of them, and metrics that name the table; no other text."""
    which = {"ResourceId": "table/orders/index/i", "ScalableDimension": "dynamodb:index:ReadCapacityUnits"}
    metric = {
        "MetricName": "m",
        "Dimensions": [{"Name": "TableName", "Value": "orders"}, {"Name": "x", "Value": "y"}],
    }
    answer = {
        "targets": [
            {
                **which,
                "MinCapacity": 1,
                "MaxCapacity": 2,
                "SuspendedState": {"ScheduledScalingSuspended": False},
            }
        ],
        "policies": [
            {
                **which,
                "PolicyName": "$orders-scaling-policy",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 70.0,
                    "CustomizedMetricSpecification": metric,
                },
            }
        ],
        "actions": [],
    }
    setting = BY_NAME["auto-scaling"]
    provisioned = {**DESCRIPTION, "BillingModeSummary": {"BillingMode": "PROVISIONED"}}
    desired = setting.desired(setting.normalize(answer), inputs(COPY, target=provisioned))
    (target,) = desired["targets"].values()
    assert target == {**which, "ResourceId": "table/copy/index/i", "MinCapacity": 1, "MaxCapacity": 2}
    (put,) = desired["policies"].values()
    moved = put["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]["Dimensions"]
    assert moved == [{"Name": "TableName", "Value": "copy"}, {"Name": "x", "Value": "y"}]
    assert put["PolicyName"] == "$orders-scaling-policy"
    labels = [change.operation for change in setting.changes(desired, None, facts(COPY))]
    assert labels == ["RegisterScalableTarget", "PutScalingPolicy"]
    with pytest.raises(Skipped, match="on demand"):
        setting.desired(setting.normalize(answer), inputs(COPY))


def test_tags_of_aws_are_not_copied_and_others_are_changed_in_one_call() -> None:
    """`aws:` tags cannot be put; what the target has beside them stays; the note says so."""
    tags = BY_NAME["tags"]
    recorded = {"aws:cloudformation:stack-name": "s", "a": "1", "b": "2"}
    assert tags.normalize(recorded) == {"a": "1", "b": "2"}
    assert "1 that begin with `aws:`" in tags.note(recorded)
    assert left(tags, {"a": "1", "b": "2"}, {"a": "1", "b": "3", "own": "x"}) == ["tags"]
    assert left(tags, {"a": "1"}, {"a": "1", "own": "x"}) == []


def test_limits_of_table_and_indexes_are_changes_of_their_own() -> None:
    """-1 is no limit; an index that the target lacks is refused; a provisioned target has none."""
    limits = BY_NAME["on-demand-limits"]
    index = {"IndexName": "i", "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": -1}}
    described = {
        "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 9},
        "GlobalSecondaryIndexes": [index, {"IndexName": "free"}],
    }
    desired = limits.normalize(described)
    assert desired == {"table": {"MaxWriteRequestUnits": 9}, "indexes": {"i": {"MaxReadRequestUnits": 7}}}
    assert left(limits, desired, None, GlobalSecondaryIndexes=[index]) == ["table", "index i"]
    with pytest.raises(Refused, match="no index i"):
        left(limits, desired, None)
    with pytest.raises(Skipped, match="provisioned"):
        limits.desired(desired, inputs(target={"BillingModeSummary": {"BillingMode": "PROVISIONED"}}))


# ---- what is never taken away, and never lowered


def test_a_longer_recovery_period_and_a_higher_warm_throughput_are_left() -> None:
    """Shortening the one would forget what can be recovered today; the other never decreases."""
    assert left(BY_NAME["pitr"], 7, 35) == []
    assert left(BY_NAME["pitr"], 35, 7) == ["recovery"]
    warm = BY_NAME["warm-throughput"]
    high = {"table": {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 5_000}}
    low = {"table": {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_500}}
    assert left(warm, low, high) == []
    assert left(warm, high, low) == ["table"]
    usual = {
        "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    }
    assert warm.normalize(usual) is None


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.default_policy != "always"], ids=lambda s: str(s.name)
)
def test_what_the_backed_up_table_had_not_is_left_to_the_target(setting: Setting) -> None:
    """Absent in the record is no order to turn off; unknown in the record is never taken for absent."""
    values: dict[str, Any] = {
        "tags": {"a": "b"},
        "ttl": {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"},
    }
    target = SettingsSnapshot(
        {**DESCRIPTION, "DeletionProtectionEnabled": True},
        {name: present(value) for name, value in values.items()},
    )
    recorded = SettingsSnapshot(DESCRIPTION, {s.name: ABSENT for s in SETTINGS})
    wanted = ApplyInputs(Relocation.between(HERE, HERE), recorded, target, frozenset(WORDS))
    found = decide(setting, wanted)
    assert isinstance(found, Result)
    has = setting.name in (*values, "deletion-protection")
    assert (found.status, found.missing) == ("skipped" if has else "unchanged", False)

    if setting.has_own_api and setting.name != "encryption":
        denied = SettingsSnapshot(
            DESCRIPTION, {setting.name: ObservedSetting("unknown", reason="denied", message="no")}
        )
        found = decide(setting, ApplyInputs(Relocation.between(HERE, HERE), denied, target, frozenset(WORDS)))
        assert isinstance(found, Result)
        assert (found.status, found.missing, found.reason) == ("unknown", True, "denied: no")


def test_without_a_record_nothing_is_known_and_what_is_asked_for_is_missing() -> None:
    """An export that ddbbackup did not make tells of items only."""
    asked = frozenset({"keys", "stream", "ttl", "encryption"})
    wanted = ApplyInputs(
        Relocation.between(HERE, HERE), recorded_snapshot({}, None), SettingsSnapshot(DESCRIPTION, {}), asked
    )
    cases = (
        ("keys", "unknown", False),
        ("stream", "unknown", True),
        ("ttl", "unknown", True),
        ("encryption", "unknown", True),
        ("replicas", "skipped", False),
    )
    for name, status, missing in cases:
        found = decide(BY_NAME[name], wanted)
        assert isinstance(found, Result)
        assert (found.status, found.missing) == (status, missing)


def test_members_that_this_version_does_not_know_are_told() -> None:
    """Kept by the record, put back by nobody, never silently dropped."""
    described = {**DESCRIPTION, "TableId": "1", "LatestStreamArn": "s", "QuantumSettings": {"Qubits": 5}}
    (result,) = newer_settings(described)
    assert (result.setting, result.status, result.missing) == ("QuantumSettings", "unknown", False)


# ---- busy, and differences


def test_differences_tell_what_a_run_would_do() -> None:
    """Side by side, with the verdict of the run."""
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    other: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
    recorded = SettingsSnapshot(
        {**DESCRIPTION, **stream, "DeletionProtectionEnabled": True},
        {s.name: ABSENT for s in SETTINGS} | {"tags": present({"a": "1"})},
    )
    target = SettingsSnapshot({**DESCRIPTION, **other}, {s.name: ABSENT for s in SETTINGS})
    wanted = ApplyInputs(Relocation.between(HERE, HERE), recorded, target, frozenset(WORDS) - {"tags"})
    found = {d.setting: d for d in differences(wanted, facts(**other))}
    assert (found["stream"].verdict, found["stream"].recorded, found["stream"].existing) == (
        "refused",
        "NEW_IMAGE",
        "KEYS_ONLY",
    )
    assert found["deletion-protection"].verdict == "would be put back"
    assert (found["tags"].verdict, found["tags"].reason) == ("skipped", "the plan does not ask for it")
    assert found["keys"].verdict == found["ttl"].verdict == "same"
