"""The sandbox refuses what AWS refuses. ddbbackup/sandbox/README.md lists these rules with their sources."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbbackup.sandbox import (
    import_rules,
    moto_policies,
    moto_restored_tables,
    moto_scaling,
    moto_tables,
    update_rules,
)
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.import_rules import ImportState, check_source, quota_bytes
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import REGION, Aws, line
from tests.support.everything import Everything, until_found

GSI = {
    "IndexName": "by-who",
    "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
WHO = {"AttributeName": "who", "AttributeType": "S"}
INVALID = "One or more parameter values were invalid:"
CAPACITY = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """The code and the message of the error that the call raises."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def once(aws: Aws, service: str = "dynamodb") -> Any:
    """A client that does not repeat what is throttled."""
    return aws._session.client(  # type: ignore[call-overload]
        service, endpoint_url=aws.url, config=Config(retries={"total_max_attempts": 1})
    )


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---- keys of indexes


def test_items_with_an_index_key_of_another_type_are_refused(sandbox: Aws, name: str) -> None:
    """By PutItem, and by BatchWriteItem together with all other items of the request. A missing key is accepted."""
    sandbox.create_table(name, AttributeDefinitions=[WHO], GlobalSecondaryIndexes=[GSI])
    good, bad, empty = (
        {"id": {"S": "1"}},
        {"id": {"S": "2"}, "who": {"N": "7"}},
        {"id": {"S": "3"}, "who": {"S": ""}},
    )
    mismatch = (
        "ValidationException",
        f"{INVALID} Type mismatch for Index Key who Expected: S Actual: N IndexName: by-who",
    )
    assert refusal(sandbox.dynamodb.put_item, TableName=name, Item=bad) == mismatch
    requests = {name: [{"PutRequest": {"Item": each}} for each in (good, bad)]}
    assert refusal(sandbox.dynamodb.batch_write_item, RequestItems=requests) == mismatch
    code, message = refusal(sandbox.dynamodb.put_item, TableName=name, Item=empty)
    assert code == "ValidationException"
    assert message.endswith("cannot contain an empty string value. IndexName: by-who, IndexKey: who")
    assert sandbox.items(name) == []
    sandbox.put(name, good)
    assert sandbox.items(name) == [good]


def test_an_index_that_is_added_later_leaves_such_items_out(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is filled while the table is ACTIVE, and no other index can be added meanwhile."""
    monkeypatch.setattr(moto_tables, "INDEX_SECONDS", 3.0)
    sandbox.create_table(name)
    sandbox.put(name, *({"id": {"S": kind}, "who": {kind: "7"}} for kind in ("S", "N")))
    creation = {"AttributeDefinitions": [WHO], "GlobalSecondaryIndexUpdates": [{"Create": GSI}]}
    sandbox.dynamodb.update_table(TableName=name, **creation)

    other = {**GSI, "IndexName": "other"}
    second = {"AttributeDefinitions": [WHO], "GlobalSecondaryIndexUpdates": [{"Create": other}]}
    dynamodb = once(sandbox)
    assert refusal(dynamodb.update_table, TableName=name, **second) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )
    assert refusal(dynamodb.delete_table, TableName=name)[0] == "ResourceInUseException"
    for expected in (("UPDATING", "CREATING"), ("ACTIVE", "CREATING"), ("ACTIVE", "ACTIVE")):
        wait_until(partial(_has_states, sandbox, name, expected))
    assert len(sandbox.items(name)) == 2
    found = sandbox.call("Scan", {"TableName": name, "IndexName": "by-who"})
    assert [item["id"] for item in found["Items"]] == [{"S": "S"}]


def _has_states(aws: Aws, name: str, expected: tuple[str, str]) -> bool:
    table = aws.dynamodb.describe_table(TableName=name)["Table"]
    return (table["TableStatus"], table["GlobalSecondaryIndexes"][0]["IndexStatus"]) == expected


def test_an_import_counts_such_items_as_errors(sandbox: Aws, bucket: str, name: str) -> None:
    """The table stays, with the other items."""
    lines = [line({"id": {"S": kind}, "who": {kind: "7"}}) for kind in ("S", "N")]
    sandbox.put_export(bucket, [lines])
    started = sandbox.dynamodb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": "AWSDynamoDB/01700000000000-0badcafe/data/"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, WHO],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [GSI],
        },
    )["ImportTableDescription"]

    def describe() -> dict[str, Any]:
        found: dict[str, Any] = sandbox.dynamodb.describe_import(ImportArn=started["ImportArn"])
        return dict(found["ImportTableDescription"])

    wait_until(lambda: describe()["ImportStatus"] != "IN_PROGRESS")
    ended = describe()
    assert (ended["ImportStatus"], ended["FailureCode"]) == ("FAILED", "ItemValidationError")
    assert (ended["ImportedItemCount"], ended["ErrorCount"]) == (1, 1)


def test_a_bulk_put_waits_for_indexes_and_refuses_global_tables(
    sandbox: Aws, bucket: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not started in either case."""
    monkeypatch.setattr(moto_tables, "INDEX_SECONDS", 3.0)
    sandbox.create_table(name)
    request: dict[str, Any] = {
        "TableName": name,
        "InputS3Configuration": {"S3Bucket": bucket, "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"S3Bucket": bucket, "OutputType": ["ERROR"]},
    }
    creation = {"AttributeDefinitions": [WHO], "GlobalSecondaryIndexUpdates": [{"Create": GSI}]}
    sandbox.dynamodb.update_table(TableName=name, **creation)
    start = once(sandbox).start_bulk_put_items
    assert refusal(start, **request)[0] == "ResourceInUseException"
    wait_until(partial(_has_states, sandbox, name, ("ACTIVE", "ACTIVE")))
    Everything(sandbox, name).update(ReplicaUpdates=[{"Create": {"RegionName": "eu-central-1"}}])
    assert refusal(start, **request)[0] == "ValidationException"


def test_vector_indexes_of_a_new_table_are_created_later(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is ACTIVE before."""
    monkeypatch.setattr(moto_tables, "INDEX_SECONDS", 3.0)
    vector = {
        "IndexName": "alike",
        "VectorAttribute": {"AttributeName": "embedding"},
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "Dimensions": 3,
        "DistanceFunction": "COSINE",
    }
    sandbox.create_table(name, VectorIndexes=[vector])

    def status() -> str:
        (index,) = sandbox.dynamodb.describe_table(TableName=name)["Table"]["VectorIndexes"]
        return str(index["IndexStatus"])

    assert status() == "CREATING"
    wait_until(lambda: status() == "ACTIVE")


# ---- UpdateTable


def test_warm_throughput_has_a_floor_and_never_decreases(sandbox: Aws, name: str) -> None:
    """12000 and 4000 on demand; the highest capacity ever of a provisioned table."""
    low = {"ReadUnitsPerSecond": 11_999}
    for more in (
        {"BillingMode": "PAY_PER_REQUEST", "WarmThroughput": low},
        {
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": CAPACITY,
            "WarmThroughput": {"WriteUnitsPerSecond": 1},
        },
    ):
        keys: dict[str, Any] = {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        }
        code, message = refusal(sandbox.dynamodb.create_table, TableName=name, **keys, **more)
        assert code == "ValidationException"
        assert "UnitsPerSecond for WarmThroughput for table is lower than" in message
    sandbox.create_table(name, BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    table = Everything(sandbox, name)
    for reads in (9, 4):
        table.update(ProvisionedThroughput={"ReadCapacityUnits": reads, "WriteCapacityUnits": 2})
    assert table.idle()["WarmThroughput"]["ReadUnitsPerSecond"] == 9
    lower = "Requested ReadUnitsPerSecond for WarmThroughput for table"
    assert refusal(
        sandbox.dynamodb.update_table, TableName=name, WarmThroughput={"ReadUnitsPerSecond": 8}
    ) == (
        "ValidationException",
        f"{INVALID} {lower} is lower than current WarmThroughput, decreasing WarmThroughput is not supported",
    )
    table.update(WarmThroughput={"WriteUnitsPerSecond": 50})
    warm = table.idle()["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (9, 50)


def test_some_changes_are_accepted_alone_only(sandbox: Aws, name: str) -> None:
    """With AWS's message, which names one of them."""
    sandbox.create_table(name)
    both = {"DeletionProtectionEnabled": True, "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert refusal(sandbox.dynamodb.update_table, TableName=name, **both) == (
        "ValidationException",
        f"{INVALID} TableClass modification must be the only operation in the request",
    )


def test_limits_of_update_table_that_no_retry_within_a_run_overcomes(sandbox: Aws, name: str) -> None:
    """Two changes of the table class in 30 days; four of the encryption in 24 hours."""
    sandbox.create_table(name)
    table, dynamodb = Everything(sandbox, name), once(sandbox)
    for table_class in ("STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        table.update(TableClass=table_class)
    code, message = refusal(dynamodb.update_table, TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert (code, "2 times within 30 days" in message) == ("LimitExceededException", True)
    table.update(TableClass="STANDARD")
    for enabled in (True, False, True, False):
        table.update(SSESpecification={"Enabled": enabled, **({"SSEType": "KMS"} if enabled else {})})
    code, message = refusal(dynamodb.update_table, TableName=name, SSESpecification={"Enabled": True})
    assert code == "LimitExceededException"
    assert message.startswith(
        "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window"
    )
    assert "Number of updates today: 4." in message


def test_deletion_protection_is_changed_every_15_seconds_at_most(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same value at any time."""
    monkeypatch.setattr(update_rules, "COOLDOWN_SECONDS", 15.0)
    sandbox.create_table(name)
    table, dynamodb = Everything(sandbox, name), once(sandbox)
    for _ in range(2):
        table.update(DeletionProtectionEnabled=True)
    code, message = refusal(dynamodb.update_table, TableName=name, DeletionProtectionEnabled=False)
    assert code == "ThrottlingException"
    assert message.startswith(
        f"Deletion protection setting for table {name} modified within the previous 15000 milliseconds. Please try "
        "again after "
    )
    monkeypatch.setattr(update_rules, "COOLDOWN_SECONDS", 0.0)
    table.update(DeletionProtectionEnabled=False)


# ---- auto scaling and replicas


def test_a_new_scalable_target_is_not_found_for_a_moment(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By PutScalingPolicy and PutScheduledAction. A registration keeps the members that it does not name."""
    monkeypatch.setattr(moto_scaling, "LAG_SECONDS", 3.0)
    scaling = sandbox.client("application-autoscaling")
    which = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(
        **which, MinCapacity=1, MaxCapacity=2, SuspendedState={"DynamicScalingInSuspended": True}
    )
    action = {"ScheduledActionName": "a", "Schedule": "cron(0 7 * * ? *)"}
    for call, more in (
        (scaling.put_scaling_policy, {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}),
        (scaling.put_scheduled_action, action),
    ):
        code, message = refusal(call, **which, **more)
        assert code == "ObjectNotFoundException"
        assert message.startswith(
            f"No scalable target registered for service namespace: dynamodb, resource ID: table/{name}"
        )
    until_found(scaling.put_scheduled_action, **which, **action)
    scaling.register_scalable_target(**which, MinCapacity=1, MaxCapacity=9)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[f"table/{name}"])[
        "ScalableTargets"
    ]
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


def test_replicas_of_a_provisioned_table_need_auto_scaling_of_writes(sandbox: Aws, name: str) -> None:
    """A target and a policy, of the table and of each index."""
    sandbox.create_table(
        name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=CAPACITY,
        AttributeDefinitions=[WHO],
        GlobalSecondaryIndexes=[{**GSI, "ProvisionedThroughput": CAPACITY}],
    )
    creation = {"ReplicaUpdates": [{"Create": {"RegionName": "eu-central-1"}}]}
    scaling = sandbox.client("application-autoscaling")
    for what, resource, kind in (
        ("Table", f"table/{name}", "table"),
        ("GSI", f"table/{name}/index/by-who", "index"),
    ):
        which = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": f"dynamodb:{kind}:WriteCapacityUnits",
        }
        for _ in range(2):
            assert refusal(sandbox.dynamodb.update_table, TableName=name, **creation) == (
                "ValidationException",
                f"{what} write capacity should either be Pay-Per-Request or AutoScaled.",
            )
            scaling.register_scalable_target(**which, MinCapacity=1, MaxCapacity=2)
        until_found(scaling.put_scaling_policy, **which, PolicyName="p", PolicyType="TargetTrackingScaling")
    sandbox.dynamodb.update_table(TableName=name, **creation)


def test_the_keys_of_replicas_agree_and_the_stream_cannot_be_disabled(sandbox: Aws, name: str) -> None:
    """DynamoDB enables the stream when it creates the first replica."""
    key, there = (
        sandbox.client("kms", region).create_key()["KeyMetadata"]["Arn"]
        for region in (REGION, "eu-central-1")
    )
    sandbox.create_table(name)
    table = Everything(sandbox, name)
    plain = {"RegionName": "eu-central-1"}
    keyed = {**plain, "KMSMasterKeyId": there}

    def create(replica: dict[str, str]) -> tuple[str, str]:
        return refusal(sandbox.dynamodb.update_table, TableName=name, ReplicaUpdates=[{"Create": replica}])

    assert create(keyed)[1].endswith("must either be Customer Managed CMK or AWS Managed CMK.")
    table.update(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    assert create(plain)[1].endswith("KMSMasterKeyId must be specified for each replica.")
    table.update(ReplicaUpdates=[{"Create": keyed}])
    assert table.idle()["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    disable = {"StreamSpecification": {"StreamEnabled": False}}
    assert refusal(sandbox.dynamodb.update_table, TableName=name, **disable) == (
        "ValidationException",
        f"{INVALID} Disabling Stream is not allowed for a Global Table replica.",
    )


def test_a_replica_can_be_deleted(sandbox: Aws, name: str) -> None:
    """As the live suite does before it deletes a table."""
    sandbox.create_table(name)
    table = Everything(sandbox, name)
    table.update(ReplicaUpdates=[{"Create": {"RegionName": "eu-central-1"}}])
    assert [each["RegionName"] for each in table.idle()["Replicas"]] == ["eu-central-1"]
    table.update(ReplicaUpdates=[{"Delete": {"RegionName": "eu-central-1"}}])
    assert "Replicas" not in table.idle()
    again = [{"Delete": {"RegionName": "eu-central-1"}}]
    code, _ = refusal(sandbox.dynamodb.update_table, TableName=name, ReplicaUpdates=again)
    assert code == "ValidationException"


# ---- resource policies


def denial(*actions: str) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_is_seen_late_and_changed_every_15_seconds_at_most(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch, clock: SandboxClock
) -> None:
    """An equivalent policy at any time. First ResourceInUseException, then ThrottlingException."""
    monkeypatch.setattr(moto_policies, "VISIBLE_SECONDS", 1000.0)
    monkeypatch.setattr(update_rules, "COOLDOWN_SECONDS", 3000.0)
    arn, dynamodb = sandbox.create_table(name), once(sandbox)
    first, second = denial("dynamodb:DeleteItem"), denial("dynamodb:Scan")
    for text in (first, json.dumps(json.loads(first), indent=2)):
        dynamodb.put_resource_policy(ResourceArn=arn, Policy=text)
    change = partial(dynamodb.put_resource_policy, ResourceArn=arn, Policy=second)

    assert refusal(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"
    assert refusal(change)[0] == "ResourceInUseException"
    clock.advance(1500)
    code, text = refusal(change)
    assert code == "ThrottlingException"
    assert text.startswith(
        f"Resource-based policy for table {name} modified within the previous 15000 milliseconds."
    )
    assert json.loads(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]) == json.loads(first)
    clock.advance(1500)
    change()


def test_a_deny_of_a_policy_is_enforced_a_moment_later(sandbox: Aws, name: str) -> None:
    """For the actions that it names."""
    arn, dynamodb = sandbox.create_table(name), once(sandbox)
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=denial("dynamodb:UpdateT*", "dynamodb:Scan"))
    sandbox.items(name)
    wait_until(lambda: _is_denied(dynamodb.scan, TableName=name))
    code, message = refusal(dynamodb.update_table, TableName=name, DeletionProtectionEnabled=True)
    assert code == "AccessDeniedException"
    assert message.endswith("with an explicit deny in a resource-based policy")
    assert f"is not authorized to perform: dynamodb:UpdateTable on resource: {arn} " in message
    dynamodb.describe_table(TableName=name)


def _is_denied(call: Callable[..., Any], **parameters: Any) -> bool:
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDeniedException"
    return False


# ---- imports


def test_restores_are_limited_by_number(
    sandbox: Aws, name: str, monkeypatch: pytest.MonkeyPatch, jobs: Sandbox
) -> None:
    """Of both kinds together, those that run."""
    monkeypatch.setattr(moto_restored_tables, "QUOTA", 1)
    sandbox.create_table(name, pitr=True)
    jobs.pitr_restores.timers.gate.clear()
    request = {"SourceTableName": name, "UseLatestRestorableTime": True}
    sandbox.dynamodb.restore_table_to_point_in_time(TargetTableName=f"{name}-a", **request)

    code, text = refusal(once(sandbox).restore_table_to_point_in_time, TargetTableName=f"{name}-b", **request)

    assert (code, text.startswith("Only 1 restore operations")) == ("LimitExceededException", True)


def test_imports_are_limited_by_number_bytes_and_objects(
    sandbox: Aws, bucket: str, name: str, jobs: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 at a time, 15 TB in three regions and 1 TB elsewhere, 50,000 objects."""
    assert (import_rules.QUOTA, import_rules.OBJECTS) == (50, 50_000)
    assert [quota_bytes(region) // 1024**4 for region in ("us-east-1", "eu-central-1")] == [15, 1]
    request = {"TableCreationParameters": {"TableName": "t"}}
    running = ImportState("arn", request, "table", "id", 0.0, source_bytes=1024**4 - 10)
    check_source([10], [running], "eu-central-1")
    check_source([11], [running], "us-west-2")
    running.status = "COMPLETED"
    check_source([11], [running], "eu-central-1")
    running.status = "IN_PROGRESS"
    for sizes in ([11], [0] * 50_001):
        with pytest.raises(AwsError, match="at most"):
            check_source(sizes, [running], "eu-central-1")

    monkeypatch.setattr(import_rules, "QUOTA", 1)
    jobs.imports.timers.gate.clear()
    parameters: dict[str, Any] = {
        "S3BucketSource": {"S3Bucket": bucket},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {
            "TableName": name,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    sandbox.dynamodb.import_table(**parameters)
    parameters["TableCreationParameters"]["TableName"] = f"{name}-2"
    assert refusal(once(sandbox).import_table, **parameters)[0] == "LimitExceededException"


def test_pages_of_imports_have_tokens_that_the_sdk_accepts() -> None:
    """At least 112 hexadecimal digits (botocore's model): with a shorter one, no second page can be read."""
    request = {"S3BucketSource": {"S3Bucket": "vault"}, "InputFormat": "DYNAMODB_JSON"}
    imports = [ImportState(f"arn-{n}", request, "table", "id", 0.0) for n in range(60)]
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = import_rules.page(imports, {"PageSize": 25, **token})
        seen += [each["ImportArn"] for each in answer["ImportSummaryList"]]
        if "NextToken" not in answer:
            break
        assert re.fullmatch(r"([0-9a-f]{16}){7,64}", answer["NextToken"])
        token = {"NextToken": answer["NextToken"]}
    assert seen == [f"arn-{n}" for n in reversed(range(60))]


def test_names_with_control_characters_are_listed(sandbox: Aws, bucket: str) -> None:
    """boto3 asks for `encoding-type=url`, because XML cannot contain them, and decodes the names."""
    folder = "x\x1b[2J\x01 +%/"
    keys = [f"{folder}{name}" for name in ("a", "b", "c\x02/d")]
    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in keys:
        sandbox.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for listed in (
        sandbox.s3.list_objects_v2(Bucket=bucket, Prefix=folder, Delimiter="/", StartAfter=keys[0]),
        sandbox.s3.list_objects(Bucket=bucket, Prefix=folder, Delimiter="/", Marker=keys[0]),
        sandbox.s3.list_object_versions(Bucket=bucket, Prefix=folder, Delimiter="/", KeyMarker=keys[0]),
    ):
        found = listed.get("Contents", listed.get("Versions", []))
        assert keys[1] in [each["Key"] for each in found]
        assert [each["Prefix"] for each in listed["CommonPrefixes"]] == [f"{folder}c\x02/"]
    assert [
        each["Prefix"] for each in sandbox.s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    ] == [folder]
