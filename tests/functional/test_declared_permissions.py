"""The permissions that steps declare, against the calls that they really make: neither too few nor too many.

Every verb runs as a process of its own on the sandbox, which writes down each call where it arrives. The policy that
``doctor --iam`` prints for the very plan is the authoriser: it has to allow every call, and all that it allows has to
have been called, but for what AWS itself does with the caller's rights, and what is named below with its reason.
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
    "s3:DeleteObject": "only where two processes begin the same run at the same moment",
    "dynamodb:ListBulkOperations": "only where a run was killed between asking for a job and noting it",
    "dynamodb:ListImports": "only where a run was killed between asking for a job and noting it",
}


def by_aws(role: str, program: Program) -> set[str]:
    """Actions that only AWS takes with the rights of this role of this plan."""
    whole = load([program.directory / "ddbbackup.yaml"], {})
    of_role = [each for each in declared_permissions() if role in each.roles and each.needed_by(whole)]
    return {each.action for each in of_role if each.for_aws} - {
        each.action for each in of_role if not each.for_aws
    }


def verdict(program: Program, role: str, calls: list[Call]) -> tuple[list[str], list[tuple[str, str]]]:
    """What was called without being allowed, and what is allowed without having been called."""
    done = program.run("doctor", "--iam", role)
    assert done.code == 0, done.err
    policy = json.loads(done.out)
    denied = sorted({f"{action_of(call)} on {call.resource}" for call in calls if not allows(policy, call)})
    excused = by_aws(role, program) | set(UNCALLED)
    idle = [pair for pair in pairs(policy) if pair[0] not in excused and not exercised(pair, calls)]
    return denied, sorted(idle)


def whole_plan(aws: Aws, bucket: str, **members: Any) -> str:
    """With every service that settings ask, on the sandbox."""
    services = ("dynamodb", "s3", "sts", "kms", "application-autoscaling")
    urls = dict.fromkeys(services, aws.url)
    where = {"region": REGION, "account": "123456789012", "endpoint_urls": urls}
    return json.dumps({**json.loads(plan(aws, bucket, **members)), "aws": where})


def dress(aws: Aws, table: str) -> None:
    """A table with a stream, a key, an index and auto scaling, so that all that settings ask is asked."""
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
    """By name and glob; recovery is turned on, something required, one time common, exports taken up by `wait`."""
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
    # `-off` has neither index nor stream, and its recovery was turned on in vain.
    assert [pair for pair in idle if f"{name}-off" not in pair[1]] == []


def test_the_policy_for_backups_of_tags(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Tags are read of every table, so nothing narrower than every table would do."""
    arn = sandbox.create_table(name, pitr=True)
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "backup", "Value": name}])
    program.plan(whole_plan(sandbox, bucket, tables=[{"tags": {"backup": name}}]))
    with calls_of_sandbox() as calls:
        assert program.run("backup").code == 0
    denied, _ = verdict(program, "backup", calls)
    assert denied == []
    assert "dynamodb:ListTagsOfResource" in {action_of(call) for call in calls}


def test_the_policy_for_verifying(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Also what is left of a table that the plan no longer names."""
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
    """Each method and each way to treat what is there, alone in its plan."""
    dress(sandbox, name)
    sandbox.put(name, *ITEMS)
    arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    ttl = {"Enabled": True, "AttributeName": "gone"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    wish = {**RESTORES[case], "table": name}
    wish["to"] = {"table": f"{name}-2", **RESTORES[case]["to"]}
    if wish["to"].get("create") == "never":
        sandbox.create_table(f"{name}-2")
    program.plan(whole_plan(sandbox, bucket, tables=[{"name": name}], restores={"back": wish}))
    assert program.run("backup").code == 0
    with calls_of_sandbox() as calls:
        done = program.run("restore", "back", "--yes")
        assert done.code == 0, done.out
    if case.startswith("write"):  # what is asked of a target that is there
        sandbox.dynamodb.update_table(TableName=f"{name}-2", DeletionProtectionEnabled=False)
        sandbox.dynamodb.delete_table(TableName=f"{name}-2")
        dress(sandbox, f"{name}-2")
        with calls_of_sandbox() as more:
            done = program.run("restore", "back", "--yes")
            assert done.code == 0, done.out
        calls += more
    assert verdict(program, "restore", calls) == ([], [])


def test_the_policy_for_looking(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """`preview`, `status`, `list` and `doctor` with what a pull request's pipeline may have: no item can be read."""
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
            assert program.run(verb).code in (0, 1)
    assert verdict(program, "read", calls) == ([], [])
    policy = json.loads(program.run("doctor", "--iam", "read").out)
    reading = {"dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem"}
    assert not reading & {action for action, _ in pairs(policy)}
    data = f"arn:aws:s3:::{bucket}/ddb/{name}/AWSDynamoDB/01-a/data/x.json.gz"
    assert not allows(policy, Call("s3", "GetObject", data))
