"""The declared permissions are those that the calls of each verb need: none is missing, none is unused.

Each verb runs on the sandbox, which records the calls. The policy that ``doctor --iam`` prints for the same plan must
allow every call. Every permission in it must have been used, except for those that AWS uses itself with the
permissions of the caller, and those that are listed below with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.plan import load
from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.authoriser import action_of, allows, exercised, pairs
from tests.support.aws import REGION, Aws
from tests.support.calls import Call, calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(12)]
UNCALLED = {
    "s3:DeleteObject": "only if two processes start the same run at the same time",
    "dynamodb:ListBulkOperations": "only if a run was killed between the start of a job and the state file",
    "dynamodb:PutItem": "only if a restore keeps items or continues an interrupted one",
    "dynamodb:ListImports": "only if a run was killed between the start of a job and the state file",
}


def is_by_aws(role: str, program: Program, pair: tuple[str, str]) -> bool:
    """Whether only AWS takes the action: of those on objects, all on objects that are no records."""
    whole = load([program.directory / "ddbbackup.yaml"], {})
    of_role = [each for each in declared_permissions() if role in each.roles and each.needed_by(whole)]
    action, resource = pair
    on = {each.on for each in of_role if each.action == action and each.for_aws}
    by_program = {each.on for each in of_role if each.action == action and not each.for_aws}
    return bool(on) and (not by_program or (on == {"object"} and "/ddbbackup/" not in resource))


def verdict(program: Program, role: str, calls: list[Call]) -> tuple[list[str], list[tuple[str, str]]]:
    """Calls that the policy does not allow, and permissions that no call used."""
    done = program.run("doctor", "--iam", role)
    assert done.code == 0, done.err
    policy = json.loads(done.out)
    denied = sorted({f"{action_of(call)} on {call.resource}" for call in calls if not allows(policy, call)})
    idle = [pair for pair in pairs(policy) if pair[0] not in UNCALLED and not exercised(pair, calls)]
    idle = [pair for pair in idle if not is_by_aws(role, program, pair)]
    return denied, sorted(idle)


def whole_plan(aws: Aws, bucket: str, **members: Any) -> str:
    """With all services that settings need on the sandbox."""
    services = ("dynamodb", "s3", "sts", "kms", "application-autoscaling", "resourcegroupstaggingapi")
    urls = dict.fromkeys(services, aws.url)
    where = {"region": REGION, "account": "123456789012", "endpoint_urls": urls}
    return json.dumps({**json.loads(plan(aws, bucket, **members)), "aws": where})


def dress(aws: Aws, table: str) -> None:
    """A table with a stream, a KMS key, an index and auto scaling, so that all settings are read."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
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
    age_recovery: Callable[[str, float], None],
) -> None:
    """By name and glob; with `pitr: enable`, `require`, `export_time: common`, and a second run that waits."""
    exports.export_seconds = (1.0, 1.5)
    tables = [f"{name}-a", f"{name}-b", f"{name}-c"]
    for table in tables:
        dress(sandbox, table)
        age_recovery(table, 3600)
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
        age_recovery(f"{name}-off", 3600)
        assert program.run("backup", "--no-wait").code == 0
        assert program.run("wait").code == 0
    denied, idle = verdict(program, "backup", calls)
    assert denied == []
    # `-off` has neither an index nor a stream.
    assert [pair for pair in idle if f"{name}-off" not in pair[1]] == []


def test_the_policy_for_backups_of_tags(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The tags of all tables are read, so the policy allows all tables."""
    arn = sandbox.create_table(name, pitr=True)
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": name}])
    program.plan(whole_plan(sandbox, bucket, tables=[{"tags": {"backup": name}}]))
    with calls_of_sandbox() as calls:
        assert program.run("backup").code == 0
    denied, _ = verdict(program, "backup", calls)
    assert denied == []
    assert "tag:GetResources" in {action_of(call) for call in calls}


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


RESTORES: dict[str, dict[str, Any]] = {
    "write": {"method": "write", "to": {"settings": "none"}},
    "write with settings": {
        "method": "write",
        "to": {"settings": ["stream", "ttl", "pitr", "tags", "insights", "deletion-protection"]},
    },
    "keep": {"method": "write", "existing": "keep", "to": {"create": "never", "settings": "none"}},
    "overwrite": {"method": "write", "existing": "overwrite", "to": {"create": "never", "settings": "none"}},
    "import": {"method": "import", "to": {"settings": "none"}},
    "bulk-put": {
        "method": "bulk-put",
        "existing": "overwrite",
        "to": {"create": "never", "settings": "none"},
    },
    "point-in-time": {"method": "point-in-time", "to": {"settings": "none"}},
    "point-in-time with settings": {"method": "point-in-time", "to": {"settings": ["ttl", "insights"]}},
}


@pytest.mark.parametrize("case", RESTORES)
def test_the_policy_for_restores(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports, case: str
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
        sandbox.create_table(f"{name}-2")
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    with calls_of_sandbox() as calls:
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


def test_the_policy_for_verbs_that_only_read(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """`preview`, `status`, `list` and `doctor`, as in the pipeline of a pull request. It allows no read of items."""
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
        for verb in ("preview", "status", "list", "doctor"):
            assert program.run(verb).code == 0
    assert verdict(program, "read", calls) == ([], [])
    policy = json.loads(program.run("doctor", "--iam", "read").out)
    reading = {"dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem"}
    assert not reading & {action for action, _ in pairs(policy)}
    data = f"arn:aws:s3:::{bucket}/ddb/{name}/AWSDynamoDB/01-a/data/x.json.gz"
    assert not allows(policy, Call("s3", "GetObject", data))
