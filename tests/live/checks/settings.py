"""Every setting of a table: backed up, restored to another table, and read again without ddbbackup.

A table with all settings is provisioned, because only provisioned tables scale. Limits of on-demand tables and vector
indexes are on tables of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from ddbbackup.settings import SETTING_NAMES
from tests.live import estimate
from tests.live.checks.backups import ran
from tests.live.data import ITEMS, same
from tests.live.model import Check
from tests.live.stage import Stage

READS, WRITES, INDEX_READS, INDEX_WRITES = 7, 5, 3, 2
WARM: Final = {"ReadUnitsPerSecond": 20, "WriteUnitsPerSecond": 10}
# Members that differ between two tables with the same settings, or change by themselves.
_VOLATILE: Final = {
    "CreationDateTime",
    "TableId",
    "LatestStreamLabel",
    "LatestStreamArn",
    "ItemCount",
    "IndexItemCount",
    "TableSizeBytes",
    "IndexSizeBytes",
    "IndexStatus",
    "Backfilling",
    "LastUpdateDateTime",
    "LastUpdateToPayPerRequestDateTime",
    "LastIncreaseDateTime",
    "LastDecreaseDateTime",
    "NumberOfDecreasesToday",
    "ReplicaInaccessibleDateTime",
    "RestoreSummary",
    "CreationTime",
    "ScalableTargetARN",
    "PolicyARN",
    "ScheduledActionARN",
    "Alarms",
    "RoleARN",
    "ResponseMetadata",
}


def all_settings(stage: Stage) -> None:
    table = everything(stage)
    copy = f"{table}-copy"
    program = stage.program("everything-copy")
    program.plan(plan_of_copy(stage, table, copy))
    done = ran(program, "restore", "back", "--yes", "--output", "json")
    check_applied(done.facts)
    check_copy(stage, table, copy)


def everything(stage: Stage) -> str:
    """The table with every setting. It is backed up."""

    def make() -> str:
        table = _make_everything(stage)
        program = stage.program("everything")
        program.plan(plan_of_copy(stage, table, f"{table}-copy"))
        ran(program, "backup", "--output", "json")
        return table

    return stage.shared.get("everything", make)


def check_copy(stage: Stage, table: str, copy: str) -> None:
    same(stage.items(copy), ITEMS)
    check_equal(settings_of(stage, table), settings_of(stage, copy))


def on_demand_limits(stage: Stage) -> None:
    """With aws/dynamodb, which ddbbackup requests without a key ID."""
    table = stage.make_table(
        "limited",
        items=ITEMS,
        pitr=True,
        OnDemandThroughput={"MaxReadRequestUnits": 900, "MaxWriteRequestUnits": 300},
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        AttributeDefinitions=_ATTRIBUTES,
        KeySchema=_KEYS,
        GlobalSecondaryIndexes=[
            {**_BY_WHO, "OnDemandThroughput": {"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": 50}}
        ],
    )
    copy = _back_up_and_restore(stage, table)
    check_equal(settings_of(stage, table)["table"], settings_of(stage, copy)["table"])


def vector_index(stage: Stage) -> None:
    index = {
        "IndexName": "alike",
        "VectorAttribute": {"AttributeName": "embedding"},
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "Dimensions": 8,
        "DistanceFunction": "COSINE",
    }
    table = stage.make_table("vectors", items=ITEMS[:3], pitr=True, VectorIndexes=[index])
    copy = _back_up_and_restore(stage, table)
    before, after = settings_of(stage, table)["table"], settings_of(stage, copy)["table"]
    assert before["VectorIndexes"]
    check_equal(before, after)


def _back_up_and_restore(stage: Stage, table: str) -> str:
    """The name of the copy, to which every setting was applied."""
    copy = f"{table}-copy"
    program = stage.program(table.removeprefix(stage.prefix))
    program.plan(plan_of_copy(stage, table, copy))
    ran(program, "backup", "--output", "json")
    check_applied(ran(program, "restore", "back", "--yes", "--output", "json").facts)
    return copy


def plan_of_copy(stage: Stage, table: str, copy: str, **members: Any) -> str:
    """With one restore, `back`, which applies every setting."""
    restore: dict[str, Any] = {
        "table": table,
        "method": "write",
        "to": {"table": copy, "settings": list(SETTING_NAMES)},
    }
    # A table that was on demand for its load keeps more warm throughput than the recorded one has.
    restore["limits"] = {"load_capacity": "as-recorded"}
    return stage.plan(bucket=stage.vault(), tables=[table], restores={"back": restore}, **members)


def check_applied(facts: Mapping[str, Any]) -> None:
    statuses = {each["setting"]: each["status"] for each in facts["settings"]}
    wrong = {name: status for name, status in statuses.items() if status not in ("applied", "unchanged")}
    assert not wrong, f"settings that were not applied: {wrong}"


# ---- the table with everything

_KEYS: Final = [
    {"AttributeName": "id", "KeyType": "HASH"},
    {"AttributeName": "at", "KeyType": "RANGE"},
]
_ATTRIBUTES: Final = [
    {"AttributeName": "id", "AttributeType": "S"},
    {"AttributeName": "at", "AttributeType": "N"},
    {"AttributeName": "who", "AttributeType": "S"},
]
_BY_WHO: Final[Mapping[str, Any]] = {
    "IndexName": "by-who",
    "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["text"]},
}
_LOCAL: Final = {
    "IndexName": "local",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "who", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}


def _make_everything(stage: Stage) -> str:
    kinesis = stage.client("kinesis")
    name = stage.name("everything")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    key, key_there = stage.make_key("everything"), stage.make_key("everything-there", stage.other_region)
    reader = stage.make_role("reader")
    stage.make_table(
        "everything",
        items=ITEMS,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": READS, "WriteCapacityUnits": WRITES},
        KeySchema=_KEYS,
        AttributeDefinitions=_ATTRIBUTES,
        LocalSecondaryIndexes=[_LOCAL],
        GlobalSecondaryIndexes=[
            {
                **_BY_WHO,
                "ProvisionedThroughput": {
                    "ReadCapacityUnits": INDEX_READS,
                    "WriteCapacityUnits": INDEX_WRITES,
                },
            }
        ],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        WarmThroughput=WARM,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": f"tag-{n}", "Value": f"value {n}"} for n in range(12)],
    )
    _set_recovery_and_ttl(stage, name)
    _set_insights(stage, name)
    stage.until(lambda: _active_stream(kinesis, name), "the Kinesis stream is ACTIVE")
    stage.retrying(
        stage.dynamodb.enable_kinesis_streaming_destination,
        TableName=name,
        StreamArn=stage.arn("kinesis", f"stream/{name}"),
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )
    stage.until(lambda: _active_destination(stage, name), "the Kinesis destination is ACTIVE")
    _scale(stage, name)
    change = {"Create": {"RegionName": stage.other_region, "KMSMasterKeyId": key_there}}
    _update(stage, name, ReplicaUpdates=[change])
    stage.until(lambda: _replica(stage, name), "the replica is ACTIVE")
    _update(stage, name, DeletionProtectionEnabled=True)
    arn = stage.table_arn(name)
    stream = stage.idle_table(name)["LatestStreamArn"]
    for resource, more in ((arn, (f"{arn}/index/*",)), (stream, ())):
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": reader},
            "Action": ["dynamodb:GetRecords"]
            if resource == stream
            else ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": [resource, *more],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        stage.retrying(stage.dynamodb.put_resource_policy, ResourceArn=resource, Policy=policy)
    return name


def _set_recovery_and_ttl(stage: Stage, name: str) -> None:
    stage.retrying(
        stage.dynamodb.update_continuous_backups,
        TableName=name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
    )
    stage.retrying(
        stage.dynamodb.update_time_to_live,
        TableName=name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )


def _set_insights(stage: Stage, name: str) -> None:
    of_index = {"IndexName": "by-who", "ContributorInsightsMode": "THROTTLED_KEYS"}
    targets: tuple[dict[str, Any], ...] = ({}, of_index)
    for which in targets:
        stage.retrying(
            stage.dynamodb.update_contributor_insights,
            TableName=name,
            ContributorInsightsAction="ENABLE",
            **which,
        )


def _scale(stage: Stage, name: str) -> None:
    scaling = stage.client("application-autoscaling")
    for resource, kind in ((f"table/{name}", "table"), (f"table/{name}/index/by-who", "index")):
        which: dict[str, Any] = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": f"dynamodb:{kind}:WriteCapacityUnits",
        }
        scaling.register_scalable_target(**which, MinCapacity=2, MaxCapacity=20)
        metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
        stage.retrying(
            scaling.put_scaling_policy,
            **which,
            PolicyName=f"DynamoDBWriteCapacityUtilization:{resource}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": metric,
            },
        )
        if kind == "table":
            scaling.put_scheduled_action(
                **which,
                ScheduledActionName="mornings",
                Schedule="cron(0 7 * * ? *)",
                ScalableTargetAction={"MinCapacity": 3},
            )


def _update(stage: Stage, name: str, **change: Any) -> None:
    stage.idle_table(name)
    stage.retrying(stage.dynamodb.update_table, TableName=name, **change)
    stage.idle_table(name)


def _active_stream(kinesis: Any, name: str) -> bool | None:
    status = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"]
    return True if status == "ACTIVE" else None


def _active_destination(stage: Stage, name: str) -> bool | None:
    found = stage.dynamodb.describe_kinesis_streaming_destination(TableName=name)
    (destination,) = found["KinesisDataStreamDestinations"]
    return True if destination["DestinationStatus"] == "ACTIVE" else None


def _replica(stage: Stage, name: str) -> bool | None:
    """A 200 for the creation of a replica is no promise (observed on AWS), so it is looked for."""
    replicas = stage.idle_table(name).get("Replicas") or ()
    found = [each for each in replicas if each["RegionName"] == stage.other_region]
    return True if found and found[0].get("ReplicaStatus", "ACTIVE") == "ACTIVE" else None


# ---- reading and comparing all settings


def check_equal(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raises ``AssertionError`` with every member that differs."""
    different = list(_differences(before, after, ""))
    assert not different, "; ".join(different)


def _differences(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(name), after.get(name), f"{path}.{name}")
    elif before != after:
        yield f"{path.lstrip('.')} is {json.dumps(after)} instead of {json.dumps(before)}"


def settings_of(stage: Stage, name: str) -> dict[str, Any]:
    """All settings as AWS returns them, without volatile members, with placeholders for what names the table."""
    dynamodb, scaling = stage.dynamodb, stage.client("application-autoscaling")
    table = stage.idle_table(name)
    stream = table.get("LatestStreamArn", "no stream")
    recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = recovery["PointInTimeRecoveryDescription"]
    indexes = [each["IndexName"] for each in table.get("GlobalSecondaryIndexes") or ()]
    resources = [f"table/{name}", *(f"table/{name}/index/{index}" for index in indexes)]
    where = {"ServiceNamespace": "dynamodb"}
    found = {
        "table": table,
        "ttl": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        "pitr": [recovery["PointInTimeRecoveryStatus"], recovery.get("RecoveryPeriodInDays")],
        "insights": [_insights(stage, name, index) for index in (None, *indexes)],
        "kinesis": dynamodb.describe_kinesis_streaming_destination(TableName=name)[
            "KinesisDataStreamDestinations"
        ],
        "policies": [_resource_policy(stage, arn) for arn in (table["TableArn"], stream)],
        "tags": _tags(stage, table["TableArn"]),
        "scaling": [
            _of(
                resources,
                scaling.describe_scalable_targets(**where, ResourceIds=resources)["ScalableTargets"],
            ),
            *(
                _of(resources, getattr(scaling, operation)(**where, ResourceId=resource)[member])
                for resource in resources
                for operation, member in (
                    ("describe_scaling_policies", "ScalingPolicies"),
                    ("describe_scheduled_actions", "ScheduledActions"),
                )
            ),
        ],
    }
    text = json.dumps(_lasting(found), default=str, sort_keys=True)
    text = text.replace(stream, "THE STREAM").replace(table["TableArn"], "THE TABLE")
    for mention in (f"table/{name}", f'"TableName": "{name}"'):
        text = text.replace(mention, mention.replace(name, "NAME"))
    return dict(json.loads(text))


def _of(resources: list[str], listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sandbox ignores some filters."""
    ours = [each for each in listed if each["ResourceId"] in resources]
    return sorted(ours, key=lambda each: str(each["ResourceId"]))


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name not in _VOLATILE}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _insights(stage: Stage, name: str, index: str | None) -> list[Any]:
    which = {"IndexName": index} if index else {}

    def look() -> list[Any] | None:
        found = stage.dynamodb.describe_contributor_insights(TableName=name, **which)
        status = found["ContributorInsightsStatus"]
        return None if status.endswith("ING") else [status, found.get("ContributorInsightsMode")]

    return stage.until(look, "Contributor Insights are no longer changing")


def _resource_policy(stage: Stage, arn: str) -> Any:
    try:
        return json.loads(stage.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])
    except ClientError:
        return None


def _tags(stage: Stage, arn: str) -> dict[str, str]:
    pages = stage.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


EVERYTHING: Final = (
    estimate.capacity(
        2 * (READS + INDEX_READS), 4 * (WRITES + INDEX_WRITES)
    ),  # the table, its copy, replicas
    estimate.warm_throughput(2 * WARM["ReadUnitsPerSecond"], 2 * WARM["WriteUnitsPerSecond"]),
    estimate.kms_key(),
    estimate.kms_key(),
    estimate.kinesis_stream(),
    estimate.contributor_insights() * 2,
    estimate.alarms(16),
    *estimate.export(),
    *estimate.table(pitr=True),
)
CHECKS: Final = (
    Check("settings/all", "a provisioned table with every setting", all_settings, EVERYTHING),
    Check(
        "settings/on-demand-limits",
        "an on-demand table with limits, and the key aws/dynamodb",
        on_demand_limits,
        (*estimate.table(pitr=True), *estimate.table(), *estimate.export()),
    ),
    Check(
        "settings/vector-index",
        "a table with a vector index",
        vector_index,
        (*estimate.table(pitr=True), *estimate.table(), *estimate.export()),
    ),
)
