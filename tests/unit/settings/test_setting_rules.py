"""What each setting becomes for a target, and which targets cannot have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.catalog.observed_setting import ABSENT, ObservedSetting
from ddbbackup.errors import Refused
from ddbbackup.model.json_value import get_object, get_objects
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTING_NAMES, SETTINGS
from ddbbackup.settings.auto_scaling import AutoScaling
from ddbbackup.settings.encryption import Encryption, EncryptionKey
from ddbbackup.settings.kinesis import Kinesis
from ddbbackup.settings.on_demand_limits import OnDemandLimits
from ddbbackup.settings.pitr import PointInTimeRecovery
from ddbbackup.settings.plan_changes import (
    Selection,
    SettingResult,
    creation_input,
    decide,
    differences,
    newer_settings,
    requested_settings,
)
from ddbbackup.settings.policy import Policy, StreamPolicy
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.replicas import Replicas
from ddbbackup.settings.setting import AnySetting, ApplyInputs, SettingsSnapshot, Skipped
from ddbbackup.settings.stream import Stream
from ddbbackup.settings.tags import Tags
from ddbbackup.settings.throughput import Throughput
from ddbbackup.settings.warm_throughput import WarmThroughput

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

ENCRYPTED: dict[str, Any] = {
    **DESCRIPTION,
    "SSEDescription": {
        "Status": "ENABLED",
        "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/1234",
    },
}


def inputs(
    target_arn: str = HERE,
    *,
    description: Mapping[str, Any] | None = None,
    recorded: SettingsSnapshot | None = None,
    target: Mapping[str, Any] | None = None,
    requested: frozenset[str] = frozenset(SETTING_NAMES),
    named: frozenset[str] = frozenset(),
    created: bool = False,
) -> ApplyInputs:
    return ApplyInputs(
        relocation=Relocation.between(HERE, target_arn),
        recorded=recorded or SettingsSnapshot(description or DESCRIPTION, {}),
        target=SettingsSnapshot(
            target if target is not None else {**DESCRIPTION, "TableArn": target_arn}, {}
        ),
        requested=requested,
        named=named,
        created=created,
    )


def facts(arn: str = HERE, **members: Any) -> TableFacts:
    name = arn.rpartition("/")[2]
    return TableFacts(name, arn, "1", "ACTIVE", (), 0, 0, {**DESCRIPTION, "TableArn": arn, **members})


def labels(setting: AnySetting, desired: Any, existing: Any, **members: Any) -> list[str]:
    """Of the changes that are needed."""
    return [change.label for change in setting.changes(desired, existing, facts(**members))]


# ---- ARNs


@given(st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True))
def test_only_arns_of_the_source_are_replaced(other: str) -> None:
    """A table whose name begins with the name of the source is another table."""
    longer = f"{HERE}{other}"
    rewritten = Relocation.between(HERE, REGION).rewrite(
        {"a": [HERE, f"{HERE}/index/*"], f"{HERE}/stream/s": {"b": longer, "c": 1}}
    )
    assert rewritten == {"a": [REGION, f"{REGION}/index/*"], f"{REGION}/stream/s": {"b": longer, "c": 1}}


def test_a_dot_in_a_table_name_matches_only_a_dot() -> None:
    """`a.b` is not `axb`."""
    relocation = Relocation.between("arn:aws:dynamodb:eu-west-1:1:table/a.b", COPY)
    other = {"Resource": "arn:aws:dynamodb:eu-west-1:1:table/axb"}
    assert relocation.rewrite(other) == other


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
def test_a_key_is_used_where_it_exists(key: str, target: str, becomes: str) -> None:
    """A multi-Region key also in another region, aws/dynamodb everywhere."""
    assert Encryption().desired(EncryptionKey(key), inputs(target)) == EncryptionKey(becomes)


@pytest.mark.parametrize(
    ("key", "target", "why"),
    [
        (SINGLE, REGION, "exists in eu-west-1 only"),
        (SINGLE, ACCOUNT, "belongs to account 111111111111"),
        ("1234", REGION, "is not an ARN"),
    ],
)
def test_a_key_that_the_target_cannot_use_is_refused(key: str, target: str, why: str) -> None:
    """No table definition without encryption is made, unless encryption is not requested."""
    with pytest.raises(Refused, match=why):
        Encryption().desired(EncryptionKey(key), inputs(target))
    encrypted = {**DESCRIPTION, "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": key}}
    with pytest.raises(Refused, match=why):
        creation_input({}, inputs(target, description=encrypted))
    assert creation_input(
        {"TableName": "x"}, inputs(target, description=encrypted, requested=frozenset({"ttl"}))
    ) == {"TableName": "x"}


def test_the_aws_managed_key_is_requested_without_its_id() -> None:
    """KMSMasterKeyId is for other keys than aws/dynamodb (botocore's model). Only KMS returns who manages a key."""
    description = {**DESCRIPTION, "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": SINGLE}}
    for manager, expected in (("AWS", None), ("CUSTOMER", SINGLE), (None, SINGLE)):
        reading = (
            ObservedSetting("present", {"KeyManager": manager})
            if manager
            else ObservedSetting("unknown", reason="denied", message="no")
        )
        definition = creation_input(
            {}, inputs(COPY, recorded=SettingsSnapshot(description, {"encryption": reading}))
        )
        assert get_object(definition, "SSESpecification").get("KMSMasterKeyId") == expected


# ---- policies


def policy(**members: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": [HERE], **members}]}


def test_a_policy_names_the_target() -> None:
    """In its resources, and in conditions that name the table."""
    written = policy(
        Principal={"AWS": "arn:aws:iam::111111111111:role/r"}, Condition={"ArnLike": {"x": HERE}}
    )
    (statement,) = get_objects(Policy().desired(written, inputs(COPY)), "Statement")
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
def test_a_policy_that_names_the_old_account_or_region_is_refused(
    written: dict[str, Any], target: str, why: str
) -> None:
    """A role of that name may not exist there, or should not have access."""
    with pytest.raises(Refused, match=why):
        Policy().desired(written, inputs(target))


def test_a_policy_that_names_no_region_is_applied_in_another_region() -> None:
    """ARNs of IAM principals have no region."""
    written = policy(Principal={"AWS": "arn:aws:iam::111111111111:role/r"})
    assert HERE not in json.dumps(Policy().desired(written, inputs(REGION)))


def test_a_policy_of_a_stream_needs_a_stream() -> None:
    """Its resource becomes the new stream, which has another label."""
    old, new = f"{HERE}/stream/2025", f"{COPY}/stream/2026"
    recorded = SettingsSnapshot({**DESCRIPTION, "LatestStreamArn": old}, {})
    written = policy(Resource=old, Principal={"AWS": "111111111111"})
    there = inputs(COPY, recorded=recorded, target={"LatestStreamArn": new})
    (statement,) = get_objects(StreamPolicy().desired(written, there), "Statement")
    assert statement["Resource"] == new
    only_policy = frozenset({"stream-policy"})
    with pytest.raises(Refused, match="has no stream"):
        StreamPolicy().desired(written, inputs(COPY, recorded=recorded, target={}, requested=only_policy))


def test_a_policy_that_is_not_json_differs_from_every_other() -> None:
    """It is never taken for no policy."""
    assert Policy().normalize("{") == {"unreadable": "{"}
    assert Policy().normalize("[]") == {"unreadable": "[]"}
    assert Policy().normalize(None) is None


# ---- Kinesis, replicas, auto scaling

STREAM = "arn:aws:kinesis:eu-west-1:111111111111:stream/changes"


def test_a_copy_streams_to_the_consumers_of_the_original_only_if_kinesis_is_listed() -> None:
    """With `all`, the stream of the original would receive the changes of both tables."""
    kinesis = Kinesis()
    with pytest.raises(Skipped, match="receives the changes of orders"):
        kinesis.desired({STREAM: "MILLISECOND"}, inputs(COPY))
    assert kinesis.desired({STREAM: "MILLISECOND"}, inputs(COPY, named=frozenset({"kinesis"})))
    assert kinesis.desired({STREAM: "MILLISECOND"}, inputs(HERE)) == {STREAM: "MILLISECOND"}
    there = kinesis.desired({STREAM: "MILLISECOND"}, inputs(REGION))
    assert list(there) == ["arn:aws:kinesis:eu-central-1:111111111111:stream/changes"]


def test_replicas_are_restored_where_they_can_be() -> None:
    """Not in the region of the target; not with strong consistency; not with KMS keys of another account."""
    replicas = Replicas()
    described: dict[str, Any] = {
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
    assert value is not None
    assert set(value.regions) == {"eu-central-1", "us-east-1"}
    encrypted = inputs(REGION, description=ENCRYPTED)
    assert set(replicas.desired(value, encrypted).regions) == {"us-east-1"}
    with pytest.raises(Refused, match="another account"):
        replicas.desired(value, inputs(ACCOUNT))
    strong = replicas.normalize({**described, "MultiRegionConsistency": "STRONG"})
    assert strong is not None
    with pytest.raises(Refused, match="strongly consistent"):
        replicas.desired(strong, inputs(HERE))
    (change,) = replicas.changes(replicas.desired(value, encrypted), None, facts(REGION))
    assert (change.label, change.operation) == ("us-east-1", "UpdateTable")


def described_replicas(*replicas: Mapping[str, Any]) -> dict[str, Any]:
    return {**DESCRIPTION, "Replicas": [{"ReplicaStatus": "ACTIVE", **each} for each in replicas]}


def test_replicas_in_other_accounts_are_never_created() -> None:
    """AWS would create them in the account of the target. One in the same region is no copy of the table itself."""
    elsewhere = "arn:aws:dynamodb:eu-west-1:999999999999:table/orders"
    described = described_replicas(
        {"RegionName": "eu-west-1", "ReplicaArn": HERE},
        {"RegionName": "eu-west-1", "ReplicaArn": elsewhere},
        {"RegionName": "eu-central-1", "ReplicaArn": REGION},
    )
    value = Replicas().normalize(described)
    assert value is not None
    assert (set(value.regions), value.foreign) == ({"eu-central-1"}, (elsewhere,))
    with pytest.raises(Refused, match=f"replicas in other accounts .{elsewhere}"):
        Replicas().desired(value, inputs(HERE))
    only = Replicas().normalize(described_replicas({"RegionName": "eu-west-1", "ReplicaArn": elsewhere}))
    assert only is not None
    with pytest.raises(Refused, match="replicas in other accounts"):
        Replicas().desired(only, inputs(HERE))


def test_keys_of_replicas_agree_with_the_key_of_the_table() -> None:
    """AWS refuses a key for a replica of a table without one, and returns aws/dynamodb as a key too."""
    key = "arn:aws:kms:eu-central-1:111111111111:key/1"
    value = Replicas().normalize(described_replicas({"RegionName": "eu-central-1", "KMSMasterKeyId": key}))
    assert value is not None
    with pytest.raises(Refused, match="but the target is not") as refused:
        Replicas().desired(value, inputs(HERE))
    assert "`encryption`" in refused.value.hint
    without = frozenset({"replicas"})
    with pytest.raises(Refused, match="but the target is not"):
        Replicas().desired(value, inputs(HERE, description=ENCRYPTED, requested=without))
    encrypted = Replicas().desired(value, inputs(HERE, description=ENCRYPTED))
    assert encrypted.regions["eu-central-1"]["KMSMasterKeyId"] == key
    managed = SettingsSnapshot(ENCRYPTED, {"encryption": ObservedSetting("present", {"KeyManager": "AWS"})})
    assert Replicas().desired(value, inputs(HERE, recorded=managed)).regions == {"eu-central-1": {}}


def test_replicas_of_a_provisioned_table_need_its_auto_scaling() -> None:
    """AWS refuses them otherwise. A table that exists may scale without this restore."""
    value = Replicas().normalize(described_replicas({"RegionName": "eu-central-1"}))
    assert value is not None
    provisioned = {"BillingModeSummary": {"BillingMode": "PROVISIONED"}}
    alone = frozenset({"replicas"})
    with pytest.raises(Refused, match="need auto scaling") as refused:
        Replicas().desired(value, inputs(HERE, target=provisioned, requested=alone, created=True))
    assert "`auto-scaling`" in refused.value.hint
    for possible in (
        inputs(HERE, target=provisioned, created=True),
        inputs(HERE, target=provisioned, requested=alone),
        inputs(HERE, requested=alone, created=True),
    ):
        assert set(Replicas().desired(value, possible).regions) == {"eu-central-1"}


def test_the_stream_of_a_table_with_replicas_is_not_changed() -> None:
    """AWS refuses to disable it, so the hint does not say to do that."""
    replicas = [{"RegionName": "eu-central-1", "ReplicaStatus": "ACTIVE"}]
    with pytest.raises(Refused, match="with replicas cannot be changed") as refused:
        labels(Stream(), "KEYS_ONLY", "NEW_IMAGE", Replicas=replicas)
    assert "disable" not in refused.value.hint


def test_a_target_that_is_suspended_is_registered_with_what_was_recorded() -> None:
    """Targets survive DeleteTable, and AWS keeps the members that a registration does not name."""
    which = {"ResourceId": "table/orders", "ScalableDimension": "dynamodb:table:WriteCapacityUnits"}
    target: dict[str, Any] = {**which, "MinCapacity": 1, "MaxCapacity": 2}
    setting = AutoScaling()
    recorded = setting.normalize({"targets": [target], "policies": [], "actions": []})
    suspended: dict[str, Any] = {**target, "SuspendedState": {"DynamicScalingInSuspended": True}}
    existing = setting.normalize({"targets": [suspended], "policies": [], "actions": []})
    assert recorded is not None
    assert existing is not None
    (change,) = setting.changes(recorded, existing, facts())
    sent: list[Any] = []
    cloud: Any = SimpleNamespace(scaling=SimpleNamespace(register=sent.append))
    change.call(cloud)
    assert sent[0]["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert setting.normalize({"targets": sent, "policies": [], "actions": []}) == recorded


def test_auto_scaling_names_the_target() -> None:
    """Resources, the names that the console derives from them, and metrics of the table; no other text."""
    which = {"ResourceId": "table/orders/index/i", "ScalableDimension": "dynamodb:index:ReadCapacityUnits"}
    metric: dict[str, Any] = {
        "MetricName": "m",
        "Dimensions": [{"Name": "TableName", "Value": "orders"}, {"Name": "x", "Value": "y"}],
    }
    response: dict[str, Any] = {
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
    setting = AutoScaling()
    normal = setting.normalize(response)
    assert normal is not None
    provisioned = {**DESCRIPTION, "BillingModeSummary": {"BillingMode": "PROVISIONED"}}
    desired = setting.desired(normal, inputs(COPY, target=provisioned))
    (target,) = desired["targets"].values()
    assert target == {
        **which,
        "ResourceId": "table/copy/index/i",
        "MinCapacity": 1,
        "MaxCapacity": 2,
        "SuspendedState": dict.fromkeys(
            ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
        ),
    }
    (put,) = desired["policies"].values()
    configuration = get_object(put, "TargetTrackingScalingPolicyConfiguration")
    dimensions = get_object(configuration, "CustomizedMetricSpecification")["Dimensions"]
    assert dimensions == [{"Name": "TableName", "Value": "copy"}, {"Name": "x", "Value": "y"}]
    assert put["PolicyName"] == "$orders-scaling-policy"
    operations = [change.operation for change in setting.changes(desired, None, facts(COPY))]
    assert operations == ["RegisterScalableTarget", "PutScalingPolicy"]
    with pytest.raises(Skipped, match="on demand"):
        setting.desired(normal, inputs(COPY))


def test_reserved_tags_are_not_copied_and_others_are_changed_in_one_call() -> None:
    """AWS refuses to set `aws:` tags, and the note says so. Additional tags of the target are kept."""
    tags = Tags()
    recorded = {"aws:cloudformation:stack-name": "s", "a": "1", "b": "2"}
    assert tags.normalize(recorded) == {"a": "1", "b": "2"}
    assert "without 1 tag reserved for AWS (`aws:`)" in tags.note(recorded)
    assert labels(tags, {"a": "1", "b": "2"}, {"a": "1", "b": "3", "own": "x"}) == ["tags"]
    assert labels(tags, {"a": "1"}, {"a": "1", "own": "x"}) == []


def test_limits_of_the_table_and_of_each_index_are_separate_changes() -> None:
    """-1 is no limit. An index that the target does not have is refused; a provisioned target is skipped."""
    limits = OnDemandLimits()
    index = {"IndexName": "i", "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": -1}}
    described: dict[str, Any] = {
        "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 9},
        "GlobalSecondaryIndexes": [index, {"IndexName": "free"}],
    }
    desired = limits.normalize(described)
    assert desired == Throughput({"MaxWriteRequestUnits": 9}, {"i": {"MaxReadRequestUnits": 7}})
    assert labels(limits, desired, None, GlobalSecondaryIndexes=[index]) == ["table", "index i"]
    with pytest.raises(Refused, match="no index i"):
        labels(limits, desired, None)
    with pytest.raises(Skipped, match="provisioned"):
        limits.desired(desired, inputs(target={"BillingModeSummary": {"BillingMode": "PROVISIONED"}}))


# ---- what is never taken away, and never lowered


def test_a_longer_recovery_period_and_a_higher_warm_throughput_are_kept() -> None:
    """A shorter period would discard restore points that exist today; AWS does not lower the throughput."""
    assert labels(PointInTimeRecovery(), 7, 35) == []
    assert labels(PointInTimeRecovery(), 35, 7) == ["recovery"]
    high, low = warm(20_000, 5_000), warm(13_000, 4_500)
    for recorded, target, expected in ((low, high, []), (high, low, ["table"]), (low, {}, ["table"])):
        value = WarmThroughput().normalize({**DESCRIPTION, **recorded})
        assert labels(WarmThroughput(), value, None, **target) == expected


# ---- warm throughput by billing mode


def warm(reads: int, writes: int) -> dict[str, Any]:
    units = {"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": "ACTIVE"}
    return {"WarmThroughput": units}


def provisioned(reads: int, writes: int) -> dict[str, Any]:
    capacity = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
    return {"BillingModeSummary": {"BillingMode": "PROVISIONED"}, "ProvisionedThroughput": capacity}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (warm(12_000, 4_000), None),
        (warm(12_000, 9_000), {"WriteUnitsPerSecond": 9_000}),
        ({**provisioned(7, 5), **warm(7, 5)}, None),
        ({**provisioned(7, 5), **warm(50, 5)}, {"ReadUnitsPerSecond": 50}),
        (
            {**provisioned(7, 5), **warm(12_000, 4_000)},
            {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000},
        ),
        ({**provisioned(20_000, 5), **warm(20_000, 5)}, None),
    ],
)
def test_warm_throughput_is_what_is_above_the_floor_of_the_billing_mode(
    described: dict[str, Any], expected: dict[str, int] | None
) -> None:
    """12000 and 4000 are the floor of on-demand tables only. A provisioned table has its capacity."""
    value = WarmThroughput().normalize({**DESCRIPTION, **described})
    assert value == (Throughput(expected) if expected else None)


@pytest.mark.parametrize(
    ("recorded", "definition", "expected"),
    [
        # as it was
        (warm(12_000, 9_000), {"BillingMode": "PAY_PER_REQUEST"}, (12_000, 9_000)),
        ({**provisioned(7, 5), **warm(50, 5)}, {"BillingMode": "PROVISIONED", **provisioned(7, 5)}, (50, 5)),
        # `billing_mode: PAY_PER_REQUEST`: AWS refuses less than 12000 and 4000, and those need not be bought
        ({**provisioned(7, 5), **warm(50, 5)}, {"BillingMode": "PAY_PER_REQUEST"}, None),
        ({**provisioned(7, 5), **warm(15_000, 50)}, {"BillingMode": "PAY_PER_REQUEST"}, (15_000, 4_000)),
        # a capacity that was raised since
        ({**provisioned(7, 5), **warm(50, 5)}, {"BillingMode": "PROVISIONED", **provisioned(60, 5)}, None),
    ],
)
def test_a_table_is_created_with_a_warm_throughput_that_its_billing_mode_accepts(
    recorded: dict[str, Any], definition: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    """Never below the floor, which fails the creation, and not at all if the floor is enough."""
    value = WarmThroughput().normalize({**DESCRIPTION, **recorded})
    assert value is not None
    units = get_object(WarmThroughput().add_to_creation(definition, value), "WarmThroughput")
    assert (tuple(units.values()) or None) == expected


def test_the_warm_throughput_of_an_index_follows_the_billing_mode_too() -> None:
    """Only of indexes that the definition has."""
    index: dict[str, Any] = {"IndexName": "i", **provisioned(1, 1), **warm(30, 1)}
    gone: dict[str, Any] = {"IndexName": "gone", **provisioned(1, 1), **warm(30, 1)}
    recorded = {**DESCRIPTION, **provisioned(1, 1), **warm(1, 1), "GlobalSecondaryIndexes": [index, gone]}
    value = WarmThroughput().normalize(recorded)
    assert value is not None
    for mode, expected in (
        ("PROVISIONED", {"ReadUnitsPerSecond": 30, "WriteUnitsPerSecond": 1}),
        ("PAY_PER_REQUEST", {}),
    ):
        definition: dict[str, Any] = {
            "BillingMode": mode,
            "GlobalSecondaryIndexes": [{"IndexName": "i", **provisioned(1, 1)}],
        }
        (created,) = get_objects(
            WarmThroughput().add_to_creation(definition, value), "GlobalSecondaryIndexes"
        )
        assert get_object(created, "WarmThroughput") == expected


def test_an_existing_table_is_not_warmed_to_what_an_on_demand_table_has() -> None:
    """A provisioned target gets the dimension that was above the floor of the on-demand table, and no other."""
    value = WarmThroughput().normalize({**DESCRIPTION, **warm(20_000, 4_000)})
    target = facts(**provisioned(3, 2), **warm(3, 2))
    (change,) = WarmThroughput().changes(value or Throughput(), None, target)
    sent: list[Any] = []
    cloud: Any = SimpleNamespace(
        settings=SimpleNamespace(update_table=lambda name, change: sent.append(change))
    )
    change.call(cloud)
    assert sent == [{"WarmThroughput": {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 2}}]


# ---- order


def test_policies_are_last_and_replicas_come_after_what_they_need() -> None:
    """A Deny may exclude the caller; a stream cannot be changed once there are replicas."""
    assert SETTING_NAMES[-2:] == ("stream-policy", "policy")
    position = SETTING_NAMES.index
    for before in ("stream", "ttl", "auto-scaling"):
        assert position(before) < position("replicas") < position("deletion-protection")


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.default_policy != "always"], ids=lambda s: str(s.name)
)
def test_a_setting_that_the_backed_up_table_did_not_have_is_not_changed(setting: AnySetting) -> None:
    """Absent in the record does not mean disable; unknown in the record is not absent."""
    values: dict[str, Any] = {
        "tags": {"a": "b"},
        "ttl": {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"},
    }
    target = SettingsSnapshot(
        {**DESCRIPTION, "DeletionProtectionEnabled": True},
        {name: ObservedSetting("present", value) for name, value in values.items()},
    )
    recorded = SettingsSnapshot(DESCRIPTION, {s.name: ABSENT for s in SETTINGS})
    wanted = ApplyInputs(Relocation.between(HERE, HERE), recorded, target, frozenset(SETTING_NAMES))
    found = decide(setting, wanted)
    assert isinstance(found, SettingResult)
    has = setting.name in (*values, "deletion-protection")
    assert (found.status, found.missing) == ("skipped" if has else "unchanged", False)

    if setting.has_own_api and setting.name != "encryption":
        denied = SettingsSnapshot(
            DESCRIPTION, {setting.name: ObservedSetting("unknown", reason="denied", message="no")}
        )
        found = decide(
            setting, ApplyInputs(Relocation.between(HERE, HERE), denied, target, frozenset(SETTING_NAMES))
        )
        assert isinstance(found, SettingResult)
        assert (found.status, found.missing, found.reason) == ("unknown", True, "denied: no")


def test_without_a_record_all_settings_are_unknown_and_requested_ones_are_missing() -> None:
    """An export that ddbbackup did not take has items only."""
    requested = frozenset({"keys", "stream", "ttl", "encryption"})
    wanted = ApplyInputs(
        Relocation.between(HERE, HERE), SettingsSnapshot(), SettingsSnapshot(DESCRIPTION), requested
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
        assert isinstance(found, SettingResult)
        assert (found.status, found.missing) == (status, missing)


def test_members_that_this_version_does_not_know_are_reported() -> None:
    """The record keeps them, and no restore applies them: the report says so."""
    described = {**DESCRIPTION, "TableId": "1", "LatestStreamArn": "s", "QuantumSettings": {"Qubits": 5}}
    (result,) = newer_settings(described)
    assert (result.setting, result.status, result.missing) == ("QuantumSettings", "unknown", False)


# ---- what is requested, and what a run would do


@pytest.mark.parametrize(
    ("selection", "created", "names"),
    [
        (None, False, set()),
        (None, True, {"on-demand-limits", "encryption", "table-class"}),
        ("none", True, set()),
        ("all", False, set(SETTING_NAMES)),
        (("tags", "ttl"), True, {"tags", "ttl"}),
    ],
)
def test_keys_indexes_and_billing_are_always_requested(
    selection: Selection, created: bool, names: set[str]
) -> None:
    """The default adds settings that are set at creation, if the restore creates the target."""
    always = {"keys", "indexes", "billing"}
    assert requested_settings(selection, created=created) == always | names


def test_differences_show_what_a_run_would_do() -> None:
    """The recorded and the existing setting, with the verdict of the run."""
    stream: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    other: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
    recorded = SettingsSnapshot(
        {**DESCRIPTION, **stream, "DeletionProtectionEnabled": True},
        {s.name: ABSENT for s in SETTINGS} | {"tags": ObservedSetting("present", {"a": "1"})},
    )
    target = SettingsSnapshot({**DESCRIPTION, **other}, {s.name: ABSENT for s in SETTINGS})
    wanted = ApplyInputs(
        Relocation.between(HERE, HERE), recorded, target, frozenset(SETTING_NAMES) - {"tags"}
    )
    found = {d.setting: d for d in differences(wanted, facts(**other))}
    assert (found["stream"].verdict, found["stream"].recorded, found["stream"].existing) == (
        "refused",
        "NEW_IMAGE",
        "KEYS_ONLY",
    )
    assert found["deletion-protection"].verdict == "would be applied"
    assert (found["tags"].verdict, found["tags"].reason) == ("skipped", "not requested by the plan")
    assert found["keys"].verdict == found["ttl"].verdict == "same"


def test_a_malformed_record_of_one_setting_does_not_hide_the_others() -> None:
    """`preview` shows it as unknown, with the reason."""
    stream: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    recorded = SettingsSnapshot({**DESCRIPTION, **stream, "TableClassSummary": "STANDARD"})
    found = {each.setting: each for each in differences(inputs(recorded=recorded), facts())}
    assert found["table-class"].verdict == "unknown"
    assert "TableClassSummary is a string, expected an object" in found["table-class"].reason
    assert found["stream"].verdict == "would be applied"
