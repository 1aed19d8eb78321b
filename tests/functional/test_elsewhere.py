"""Restores into other regions and accounts, and from buckets of other accounts, in the sandbox.

moto separates accounts by the credentials of assumed roles. It checks neither trust policies nor external IDs.
"""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.sandbox.server import Sandbox
from tests.support.accounts import Account
from tests.support.aws import REGION, Aws, line
from tests.support.fault_proxy import FaultProxy
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(60)]
THERE = "210987654321"
ROLE = f"arn:aws:iam::{THERE}:role/restore"
ALL_IDS = sorted(item["id"]["S"] for item in ITEMS)


def backed_up(aws: Aws, bucket: str, name: str, program: Program, **restores: Any) -> None:
    """Creates a table with items in the account of the plan, and backs it up."""
    aws.create_table(name, pitr=True)
    aws.put(name, *ITEMS)
    program.plan(plan(aws, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0


@pytest.mark.parametrize("method", ["write", "import", "bulk-put"])
def test_a_table_is_restored_into_another_account_and_region(
    sandbox: Aws, bucket: str, name: str, program: Program, method: str
) -> None:
    """The role writes; the credentials of the plan read the backup; calls to AWS name the owner of the bucket."""
    role = {"role_arn": ROLE, "external_id": "agreed"}
    to = {"table": name, "region": "eu-central-1", "account": THERE, "assume_role": role}
    backed_up(sandbox, bucket, name, program, back={"table": name, "to": to, "method": method})
    there = Account(sandbox, ROLE, "eu-central-1")

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert there.ids(name) == ALL_IDS
    assert not Account(sandbox, ROLE).has(name)
    facts = done.report["outcomes"][0]["facts"]
    assert (facts["written"], facts["into"]) == (60, f"{THERE}/eu-central-1")


def test_an_unexpected_account_is_refused_as_source_and_as_target(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`aws.account` is where the plan may run, `to.account` where a restore may write; nothing is written."""
    backed_up(
        sandbox,
        bucket,
        name,
        program,
        elsewhere={"table": name, "to": {"table": f"{name}-2", "account": THERE}},
        here={"table": name, "to": {"table": f"{name}-2"}},
    )

    target = program.run("restore", "elsewhere", "--output", "json")
    assert target.code == 77
    assert THERE in target.error["message"]
    program.plan(
        plan(
            sandbox,
            bucket,
            {"account": THERE},
            tables=[{"name": name}],
            restores={"here": {"table": name, "to": {"table": f"{name}-2"}}},
        )
    )
    source = program.run("restore", "here", "--output", "json")
    assert source.code == 77
    assert "only account 210987654321 is allowed" in source.err
    assert not sandbox.exists(f"{name}-2")


def test_a_role_is_assumed_again_when_its_credentials_expire_during_a_restore(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """In the worker that writes. No item is lost."""
    requests = iter(range(1_000_000))

    def expire_once(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation != "BatchWriteItem" or next(requests) != 2:
            return None
        kind = b"com.amazon.coral.service#ExpiredTokenException"
        return (
            400,
            b'{"__type":"' + kind + b'","message":"The security token included in the request is expired"}',
        )

    items: list[Item] = [{"id": {"S": f"{n:04d}"}} for n in range(400)]
    uri = sandbox.put_export(bucket, [map(line, items)])
    there = Account(sandbox, ROLE)
    key = {"AttributeName": "id", "KeyType": "HASH"}
    there.dynamodb.create_table(
        TableName=name,
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    to = {"table": name, "assume_role": {"role_arn": ROLE}}
    with FaultProxy(sandbox.url, expire_once) as proxy:
        urls = {"dynamodb": proxy.url, "s3": sandbox.s3_url, "sts": sandbox.url}
        program.plan(
            plan(
                sandbox,
                bucket,
                {"endpoint_urls": urls},
                tables=[{"name": name}],
                restores={"back": {"table": name, "from": {"s3_uri": uri}, "to": to, "method": "write"}},
            )
        )
        done = program.run("restore", "back", "--output", "json")
        assert proxy.faults[400] == 1

    assert done.code == 0, done.out
    assert there.ids(name) == [item["id"]["S"] for item in items]


def test_every_call_names_the_owner_of_a_bucket_in_a_third_account(
    sandbox: Aws, name: str, program: Program, running_sandbox: Sandbox
) -> None:
    """Exports are written to it, read from it, and imported from it."""
    vault = Account(sandbox, "arn:aws:iam::333333333333:role/vault")
    vault.s3.create_bucket(Bucket=f"{name}-vault", CreateBucketConfiguration={"LocationConstraint": REGION})
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    owned = {"bucket": f"{name}-vault", "prefix": "ddb/{table}/", "bucket_owner": "333333333333"}
    restores = {
        "back": {"table": name, "to": {"table": f"{name}-2"}, "method": "write"},
        "imported": {"table": name, "to": {"table": f"{name}-3"}, "method": "import"},
    }
    program.plan(plan(sandbox, "", destinations={"vault": owned}, tables=[{"name": name}], restores=restores))

    assert program.run("backup").code == 0
    for restore in restores:
        done = program.run("restore", restore, "--output", "json")
        assert done.code == 0, done.out

    assert len(sandbox.items(f"{name}-2")) == len(sandbox.items(f"{name}-3")) == 60
    source = running_sandbox.imports.started[-1].request["S3BucketSource"]
    assert source["S3BucketOwner"] == "333333333333"


def test_an_export_is_read_only_from_a_bucket_of_the_expected_owner(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`from: {s3_uri, bucket_owner}`: every read has ExpectedBucketOwner."""
    uri = sandbox.put_export(bucket, [map(line, ITEMS)])
    sandbox.create_table(name)

    def restore(owner: str) -> Result:
        source = {"s3_uri": uri, "bucket_owner": owner}
        back = {"table": "gone", "from": source, "to": {"table": name}}
        program.plan(plan(sandbox, bucket, tables=[{"name": "gone"}], restores={"back": back}))
        return program.run("restore", "back", "--output", "json")

    refused = restore("333333333333")
    assert refused.code == 77, refused.out
    assert "manifest" in refused.error["message"]
    assert sandbox.items(name) == []
    assert restore("123456789012").code == 0
    assert len(sandbox.items(name)) == 60
