"""One plan in two Regions, with one bucket: neither sees the backups of the other unless it asks for them by name."""

from __future__ import annotations

import json
from typing import Any

from tests.support.accounts import Account
from tests.support.aws import Aws
from tests.support.program import Program

ITEMS: list[dict[str, Any]] = [{"id": {"S": str(n)}} for n in range(3)]
ACCOUNT = "123456789012"


def plan_in(aws: Aws, bucket: str, name: str, region: str, **members: Any) -> str:
    """The plan of the README, as far as a sandbox lets it: its destination has no prefix."""
    to = {"table": f"{name}-copy", "create": "new"}
    document = {
        "version": 1,
        "name": "test",
        "aws": {"region": region, "endpoint_urls": aws.endpoint_urls},
        "destinations": {"vault": {"bucket": bucket}},
        "tables": [{"name": name, "rpo": "24h", "pitr": "enable"}],
        "restores": {"back": {"table": name, "to": to, **members}},
    }
    return json.dumps(document)


def test_a_plan_that_runs_in_two_regions(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """In Frankfurt there is a table of the same name, which was never backed up."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    frankfurt = Account(sandbox, f"arn:aws:iam::{ACCOUNT}:role/own", "eu-central-1")
    frankfurt.dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    program.plan(plan_in(sandbox, bucket, name, "eu-west-1"))
    backup = program.run("backup", "--output", "json").facts
    ahead = json.loads(program.run("preview", "backup", "--output", "json").out)
    assert ahead["backups"][0]["actions"][0] == f"export {name} to s3://{bucket}/{ACCOUNT}/eu-west-1/{name}/"
    keys = sandbox.keys(bucket)
    assert f"ddbbackup/test/{ACCOUNT}/eu-west-1/{name}/{backup['backup']}.json" in keys
    assert any(key.startswith(f"{ACCOUNT}/eu-west-1/{name}/AWSDynamoDB/") for key in keys)

    program.plan(plan_in(sandbox, bucket, name, "eu-central-1"))
    status = program.run("status", "--output", "json")
    assert (status.code, json.loads(status.out)["tables"][0]["status"]) == (4, "never")
    assert json.loads(program.run("list", "--output", "json").out)["backups"] == []
    refused = program.run("restore", "back")
    assert refused.code == 1
    assert f"`--from {ACCOUNT}/eu-west-1`" in refused.err + refused.out

    program.plan(plan_in(sandbox, bucket, name, "eu-central-1", **{"from": {"region": "eu-west-1"}}))
    assert f"origin: {ACCOUNT}/eu-west-1" in program.run("preview", "restore", "back").out
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.out + done.err
    assert done.facts["backup"] == backup["backup"]
    assert done.facts["origin"] == f"{ACCOUNT}/eu-west-1"
    assert frankfurt.ids(f"{name}-copy") == ["0", "1", "2"]

    wrong = program.run("restore", "back", "--from", "210987654321/eu-west-1")
    assert wrong.code == 1
    assert f"account {ACCOUNT}, region eu-west-1" in wrong.err + wrong.out
