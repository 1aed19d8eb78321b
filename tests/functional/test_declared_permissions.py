"""The declared permissions are those that the calls of each verb need: none is missing, none is unused.

Each verb runs on the sandbox, which records the calls. The policies that ``doctor --iam`` prints for the same plan
must allow every call, and what AWS does with the rights of the caller to carry it out. Every permission in them must
be needed by a call, except for those that are listed below with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ddbbackup.sandbox.moto_archives import MotoArchives
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.authoriser import allows, denied, pairs, unused
from tests.support.aws import REGION, Aws
from tests.support.calls import Call, calls_of_sandbox
from tests.support.dependent_rights import action_of, rights_of
from tests.support.everything import until_found
from tests.support.next_second import wait_for_next_second
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(12)]
UNCALLED = {
    "dynamodb:Scan": "only for `diff`, if a restore need not find its target empty",
    "dynamodb:BatchGetItem": "with `keep` and `overwrite`, only to prove what an earlier run restored",
    "s3:RestoreObject": "only with `restore --retrieve`, as the policy for restores is tested",
    "s3:DeleteObject": "only if two processes start the same run at the same time",
    "dynamodb:ListBackups": "only if nobody knows whether a response to CreateBackup was lost",
    "dynamodb:ListBulkOperations": "only if a run was killed between the start of a job and the state file",
    "dynamodb:ListImports": "only if the restore selects an import, for its quotas",
    "dynamodb:DescribeBackup": "only to prune on-demand backups",
    "dynamodb:DeleteBackup": "only to prune on-demand backups",
    "dynamodb:UpdateTable": "only if a restore creates a provisioned table",
    "dynamodb:DescribeContinuousBackups": "by a restore only for a hint, if no backup is old enough",
    "dynamodb:PutItem": "only if a restore keeps items or continues an interrupted one",
}


def policies(program: Program, role: str) -> list[dict[str, Any]]:
    done = program.run("doctor", "--iam", role, "--output", "json")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.report["roles"][role]["policies"]
    return found


def verdict(program: Program, role: str, calls: list[Call]) -> tuple[list[str], list[tuple[str, str]]]:
    """Rights that the calls need and the policies do not give, and permissions that no call needed."""
    found = policies(program, role)
    idle = [each for each in unused(found, calls) if each.action not in UNCALLED]
    return denied(found, calls), sorted((each.action, each.resource) for each in idle)


def without(found: Sequence[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The policies without one action."""
    kept = [
        {**statement, "Action": left}
        for policy in found
        for statement in policy["Statement"]
        if (left := [each for each in _list(statement["Action"]) if each != action])
    ]
    return [{"Version": "2012-10-17", "Statement": kept}]


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def whole_plan(aws: Aws, bucket: str, **members: Any) -> str:
    """With all services that settings need on the sandbox."""
    services = ("dynamodb", "s3", "sts", "kms", "application-autoscaling", "resourcegroupstaggingapi")
    urls = dict.fromkeys(services, aws.url)
    where = {"region": REGION, "account": "123456789012", "endpoint_urls": urls}
    return json.dumps({**json.loads(plan(aws, bucket, **members)), "aws": where})


def new_key(aws: Aws) -> str:
    return str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])


def dress(aws: Aws, table: str) -> None:
    """A table with a stream, a KMS key, an index and auto scaling, so that all settings are read."""
    key = new_key(aws)
    aws.create_table(
        table,
        pitr=True,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-who",
                "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            }
        ],
    )
    for more in ({}, {"IndexName": "by-who"}):
        aws.dynamodb.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE", **more)
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId=f"table/{table}",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1,
        MaxCapacity=9,
    )


def test_the_policy_for_backups(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    clock: SandboxClock,
) -> None:
    """By name and glob; with `pitr: enable`, `require`, `export_time: common`, and a second run that waits."""
    exports.export_seconds = (1.0, 1.5)
    tables = [f"{name}-a", f"{name}-b", f"{name}-c"]
    for table in tables:
        dress(sandbox, table)
    clock.advance(3600)
    sandbox.create_table(f"{name}-off")
    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    entries = [
        {"name": f"{name}-a"},
        {"match": f"{name}-[bc]"},
        {"name": f"{name}-off", "pitr": "enable"},
    ]
    vault = {"bucket": bucket, "prefix": "ddb/{table}/", "require": ["versioning"]}
    more = {"destinations": {"vault": vault}, "export_time": "common"}
    program.plan(whole_plan(sandbox, bucket, tables=entries, **more))
    with calls_of_sandbox() as calls:
        first = program.run("backup")
        assert first.code == 3, first.err[:6000]  # the table whose recovery was off has no common time yet
        clock.advance(3600)
        assert program.run("backup", "--no-wait").code == 0
        forget_export(sandbox, bucket, f"{name}-a")
        assert program.run("wait").code == 0
    lacking, idle = verdict(program, "backup", calls)
    assert lacking == []
    # `-off` has neither an index nor a stream.
    assert [pair for pair in idle if f"{name}-off" not in pair[1]] == []


def test_the_policy_for_on_demand_backups(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """Also of one that `wait` records. It has no right to export, nor to write data into the bucket."""
    dress(sandbox, name)
    entry = {"name": name, "method": "snapshot"}
    vault = {"bucket": bucket, "prefix": "ddb/{table}/"}
    program.plan(whole_plan(sandbox, bucket, tables=[entry], destinations={"vault": vault}))
    with calls_of_sandbox() as calls:
        assert program.run("backup", "--run-id", "nightly").code == 0
        assert program.run("backup", "--no-wait").code == 0
        assert program.run("wait").code == 0
        assert program.run("backup", "--run-id", "nightly").code == 0

    assert verdict(program, "backup", calls) == ([], [])
    granted = {
        action
        for policy in policies(program, "backup")
        for statement in policy["Statement"]
        for action in _list(statement["Action"])
    }
    assert not granted & {"dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport", "s3:PutObjectAcl"}


def forget_export(aws: Aws, bucket: str, table: str) -> None:
    """As if the run had been killed between starting an export and recording its ARN."""
    for key in aws.record_keys(bucket, table):
        record = json.loads(aws.read(bucket, key))
        if record["state"] == "in_progress":
            del record["export"]["arn"]
            aws.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())


def test_the_policy_for_backups_of_tags(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The tags of all tables are read, so the policy allows all tables."""
    arn = sandbox.create_table(name, pitr=True)
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": name}])
    program.plan(whole_plan(sandbox, bucket, tables=[{"tags": {"backup": name}}]))
    with calls_of_sandbox() as calls:
        assert program.run("backup").code == 0
    assert denied(policies(program, "backup"), calls) == []
    assert "tag:GetResources" in {action_of(call) for call in calls}


def test_the_policy_for_scans(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A scan, and one that is taken up, with an upload that nobody will complete."""
    sandbox.create_table(name)
    sandbox.put(name, *ITEMS)
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name, "method": "scan"}]))
    with calls_of_sandbox() as calls:
        assert program.run("backup").code == 0
        (key,) = sandbox.record_keys(bucket, name)
        record = json.loads(sandbox.read(bucket, key)) | {"state": "in_progress", "covers": None, "data": {}}
        sandbox.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
        data = next(each for each in sandbox.keys(bucket) if "/data/" in each)
        upload = sandbox.s3.create_multipart_upload(Bucket=bucket, Key=f"{data}-left")
        assert program.run("wait").code == 0
    assert sandbox.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == [], upload
    lacking, idle = verdict(program, "backup", calls)
    assert lacking == []
    of_scans = {"dynamodb:Scan", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucketMultipartUploads"}
    assert of_scans & {action for action, _ in idle} == set()


def test_the_policy_for_verifying(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Also backups of a table that the plan no longer selects."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
        sandbox.put(name + suffix, *ITEMS)
    program.plan(whole_plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))
    assert program.run("backup").code == 0
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": f"{name}-a"}]))
    with calls_of_sandbox() as calls:
        assert program.run("verify").code == 0
    assert verdict(program, "verify", calls) == ([], [])


@pytest.mark.parametrize("read", ["find", "history", "dump"])
def test_the_policy_for_reading_items(
    sandbox: Aws, bucket: str, name: str, program: Program, read: str
) -> None:
    """`find` and `dump` need no `restores` in the plan: the role of `verify` reads all data. With a KMS key."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    encryption = {"algorithm": "KMS", "kms_key_id": new_key(sandbox)}
    vault = {"vault": {"bucket": bucket, "prefix": "ddb/{table}/", "encryption": encryption}}
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], destinations=vault))
    assert program.run("backup").code == 0
    commands = {
        "find": ("find", name, "--key", "id=3"),
        "history": ("find", name, "--where", "id = :i", "--value", ":i=S:3", "--history"),
        "dump": ("dump", name),
    }
    with calls_of_sandbox() as calls:
        done = program.run(*commands[read])
        assert done.code == 0, done.err
    found = policies(program, "verify")
    assert denied(found, calls) == []
    for action in ("s3:ListBucket", "s3:GetObject", "kms:Decrypt"):
        assert denied(without(found, action), calls) != []


def test_the_policy_for_comparing(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """`diff` reads the live table with the role of the restore."""
    dress(sandbox, name)
    sandbox.put(name, *ITEMS)
    restores = {"rollback": {"table": name, "to": {"table": name}, "existing": "overwrite"}}
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    with calls_of_sandbox() as calls:
        done = program.run("diff", "rollback")
        assert done.code == 0, done.err
    found = policies(program, "restore")
    assert denied(found, calls) == []
    for action in ("s3:GetObject", "dynamodb:Scan", "dynamodb:DescribeTable"):
        assert denied(without(found, action), calls) != []


def test_the_policy_for_pruning(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """With a KMS key, which encrypts the mark in a record. The role of `prune` can read no items."""
    for table in (name, f"{name}-b"):
        sandbox.create_table(table, pitr=True)
        sandbox.put(table, *ITEMS)
    tables = [{"name": name, "retention": {"keep_last": 1}}, {"match": f"{name}-?"}]
    encryption = {"algorithm": "KMS", "kms_key_id": new_key(sandbox)}
    vault = {"vault": {"bucket": bucket, "prefix": "ddb/{table}/", "encryption": encryption}}
    program.plan(whole_plan(sandbox, bucket, tables=tables, destinations=vault))
    for run in ("first", "second"):
        wait_for_next_second()
        assert program.run("backup", "--run-id", run).code == 0
    with calls_of_sandbox() as calls:
        done = program.run("prune", "--apply")
        assert done.code == 0, done.out
    assert verdict(program, "prune", calls) == ([], [])
    data = f"arn:aws:s3:::{bucket}/ddb/{name}/AWSDynamoDB/01-a/data/x.json.gz"
    assert denied(policies(program, "prune"), [Call("s3", "GetObject", data)])


def test_the_policy_for_pruning_by_tags(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    arn = sandbox.create_table(name, pitr=True)
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": name}])
    entry = {"tags": {"backup": name}, "retention": {"keep_last": 1}}
    program.plan(whole_plan(sandbox, bucket, tables=[entry]))
    for run in ("first", "second"):
        wait_for_next_second()
        assert program.run("backup", "--run-id", run).code == 0
    with calls_of_sandbox() as calls:
        assert program.run("prune", "--apply").code == 0
        assert program.run("preview", "prune").code == 0
    assert denied(policies(program, "prune"), calls) == []
    assert "tag:GetResources" in {action_of(call) for call in calls}


RESTORES: dict[str, dict[str, Any]] = {
    "write": {"method": "write", "to": {"settings": "none"}},
    "write with settings": {
        "method": "write",
        "to": {"settings": ["stream", "ttl", "pitr", "tags", "insights", "deletion-protection"]},
    },
    "write, indexes later": {"method": "write", "to": {"settings": "none", "indexes": "after-load"}},
    "keep": {"method": "write", "existing": "keep", "to": {"create": "never", "settings": "none"}},
    "overwrite": {"method": "write", "existing": "overwrite", "to": {"create": "never", "settings": "none"}},
    "mirror": {"method": "write", "existing": "mirror", "to": {"create": "never", "settings": "none"}},
    "import": {"method": "import", "to": {"settings": ["encryption", "stream"]}},
    "bulk-put": {
        "method": "bulk-put",
        "existing": "overwrite",
        "to": {"create": "never", "settings": "none"},
    },
    "point-in-time": {"method": "point-in-time", "to": {"settings": "none"}},
    "snapshot": {"method": "snapshot", "to": {"settings": "none"}},
    "snapshot with settings": {"method": "snapshot", "to": {"settings": ["ttl", "insights"]}},
    "point-in-time with settings": {"method": "point-in-time", "to": {"settings": ["ttl", "insights"]}},
}


@pytest.mark.parametrize("case", RESTORES)
def test_the_policy_for_restores(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    archives: MotoArchives,
    case: str,
) -> None:
    """Each method and each value of `existing`, alone in its plan."""
    dress(sandbox, name)
    sandbox.put(name, *ITEMS)
    arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    ttl = {"Enabled": True, "AttributeName": "gone"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    restore = {**RESTORES[case], "table": name}
    restore["to"] = {"table": f"{name}-2", **RESTORES[case]["to"]}
    if restore["to"].get("create") == "never":
        encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": new_key(sandbox)}
        sandbox.create_table(f"{name}-2", SSESpecification=encryption)
    if case == "mirror":  # an item that is extra, and one that has changed
        few = [{"id": {"S": "extra"}}, {**ITEMS[0], "v": {"S": "changed"}}, *ITEMS[1:11]]
        sandbox.put(f"{name}-2", *few)
    entry = {"name": name, **({"method": "snapshot"} if restore["method"] == "snapshot" else {})}
    program.plan(whole_plan(sandbox, bucket, tables=[entry], restores={"back": restore}))
    assert program.run("backup").code == 0
    archived = (
        [key for key in sandbox.keys(bucket) if "/data/" in key]
        if restore["method"] != "point-in-time"
        else []
    )
    for key in archived:
        archives.archive(bucket, key, "GLACIER")
    with calls_of_sandbox() as calls:
        if archived:
            assert program.run("restore", "back", "--yes", "--retrieve", "bulk").code == 75
        for key in archived:
            archives.finish(bucket, key)
        done = program.run("restore", "back", "--yes")
        assert done.code == 0, done.out
    if case.startswith("write"):  # calls for a target that exists
        sandbox.dynamodb.update_table(TableName=f"{name}-2", DeletionProtectionEnabled=False)
        sandbox.dynamodb.delete_table(TableName=f"{name}-2")
        dress(sandbox, f"{name}-2")
        with calls_of_sandbox() as more:
            done = program.run("restore", "back", "--yes")
            assert done.code == 0, done.out
        calls += more
    assert verdict(program, "restore", calls) == ([], [])


def test_the_policy_for_putting_every_setting_back(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With auto scaling, a Kinesis stream, and a replica with a key of its own. Each right of AWS is needed."""
    dress(sandbox, name)
    sandbox.put(name, *ITEMS)
    scaling = sandbox.client("application-autoscaling")
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
    }
    for resource, kind in ((f"table/{name}/index/by-who", "index"), (f"table/{name}", "table")):
        scaled = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": f"dynamodb:{kind}:WriteCapacityUnits",
        }
        scaling.register_scalable_target(**scaled, MinCapacity=1, MaxCapacity=9)
        until_found(
            scaling.put_scaling_policy,
            **scaled,
            PolicyName="track",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )
    scaling.put_scheduled_action(
        **scaled,
        ScheduledActionName="mornings",
        Schedule="cron(0 7 * * ? *)",
        ScalableTargetAction={"MinCapacity": 2},
    )
    sandbox.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:123456789012:stream/{name}"
    sandbox.dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
    ttl = {"Enabled": True, "AttributeName": "gone"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    key = sandbox.client("kms", "eu-central-1").create_key()["KeyMetadata"]["Arn"]
    replica = {"RegionName": "eu-central-1", "KMSMasterKeyId": key}
    sandbox.dynamodb.update_table(TableName=name, ReplicaUpdates=[{"Create": replica}])
    settings = ["encryption", "ttl", "kinesis", "insights", "auto-scaling", "replicas"]
    to = {"table": f"{name}-2", "settings": settings, "create": "new"}
    restore = {"table": name, "method": "write", "to": to}
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    with calls_of_sandbox() as calls:
        done = program.run("restore", "back", "--yes")
        assert done.code == 0, done.out

    assert verdict(program, "restore", calls) == ([], [])
    found = policies(program, "restore")
    by_aws = {right.action for call in calls for right in rights_of(call) if right.by_aws}
    assert {
        "kinesis:PutRecords",
        "cloudwatch:PutMetricAlarm",
        "iam:CreateServiceLinkedRole",
        "dynamodb:CreateTableReplica",
        "kms:CreateGrant",
    } <= by_aws
    allowed = {action for policy in found for action, _ in pairs(policy)}
    needed = {action for action in allowed if any(each.startswith(action.rstrip("*")) for each in by_aws)}
    assert [action for action in sorted(needed) if not denied(without(found, action), calls)] == []


@pytest.mark.parametrize("form", ["arn", "id", "alias"])
def test_the_policy_for_a_bucket_with_a_kms_key(
    sandbox: Aws, bucket: str, name: str, program: Program, form: str
) -> None:
    """S3 finds an ID or an alias in the account of the caller; a condition stands for an alias."""
    kms = sandbox.client("kms")
    made = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=made["KeyId"])
    key = {"arn": made["Arn"], "id": made["KeyId"], "alias": f"alias/{name}"}[form]
    vault = {"bucket": bucket, "prefix": "ddb/", "encryption": {"algorithm": "KMS", "kms_key_id": key}}
    dress(sandbox, name)
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], destinations={"vault": vault}))
    with calls_of_sandbox() as calls:
        assert program.run("backup").code == 0
    lacking, idle = verdict(program, "backup", calls)
    assert lacking == []
    assert {action for action, _ in idle} <= {"dynamodb:ListExports"}, "only for exports that take longer"
    for action in ("kms:GenerateDataKey*", "kms:CreateGrant", "s3:PutObject", "s3:AbortMultipartUpload"):
        assert denied(without(policies(program, "backup"), action), calls) != []


def test_the_policy_for_verbs_that_only_read(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """`preview`, `status`, `list`, `report` and `doctor`, as in the pipeline of a pull request. It allows no read of
    items.
    """
    dress(sandbox, name)
    sandbox.put(name, *ITEMS)
    restores = {
        "copy": {"table": name, "to": {"table": f"{name}-2"}},
        "past": {"table": name, "to": {"table": f"{name}-3"}, "method": "point-in-time"},
    }
    program.plan(whole_plan(sandbox, bucket, tables=[{"match": f"{name}*"}], restores=restores))
    assert program.run("backup", "--only", name).code == 0
    for suffix in ("-2", "-3"):
        dress(sandbox, name + suffix)
    with calls_of_sandbox() as calls:
        for verb in ("preview", "status", "list", "report", "doctor"):
            assert program.run(verb).code == 0
    assert verdict(program, "read", calls) == ([], [])
    (policy,) = policies(program, "read")
    reading = {"dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem"}
    assert not reading & {action for action, _ in pairs(policy)}
    data = f"arn:aws:s3:::{bucket}/ddb/{name}/AWSDynamoDB/01-a/data/x.json.gz"
    assert not allows(policy, Call("s3", "GetObject", data))


def test_the_policy_for_the_page_of_all_backups(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`report` reads backups of a table that the plan no longer selects, and decides what retention removes."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
    encryption = {"algorithm": "KMS", "kms_key_id": new_key(sandbox)}
    vault = {"vault": {"bucket": bucket, "prefix": "ddb/{table}/", "encryption": encryption}}
    entry = {"name": f"{name}-a", "retention": {"keep_last": 1}}
    program.plan(whole_plan(sandbox, bucket, tables=[entry, {"name": f"{name}-b"}], destinations=vault))
    for run in ("first", "second"):
        wait_for_next_second()
        assert program.run("backup", "--run-id", run).code == 0
    program.plan(whole_plan(sandbox, bucket, tables=[entry], destinations=vault))
    with calls_of_sandbox() as calls:
        done = program.run("report", "--output", "json")
        assert done.code == 0, done.err
    assert denied(policies(program, "read"), calls) == []
    read = {"sts:GetCallerIdentity", "dynamodb:ListTables", "s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
    assert {action_of(call) for call in calls} <= read
    assert {row["table"]: row["status"] for row in done.report["tables"]} == {
        f"{name}-a": "ok",
        f"{name}-b": "kept",
    }
    assert done.report["totals"]["removes"] == 1
