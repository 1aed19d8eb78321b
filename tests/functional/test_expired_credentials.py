"""Credentials that expire during a run: every request that was signed with them is rejected, and the run goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbbackup.bulk import units
from ddbbackup.sandbox.moto_session_keys import MotoSessionKeys
from tests.support.aws import REGION, Aws, line
from tests.support.plans import plan
from tests.support.program import Program

ROLE = "arn:aws:iam::123456789012:role/ddbbackup"
ITEMS: list[dict[str, Any]] = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(400)]


def code_of(call: Any, **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_sandbox_rejects_keys_of_an_expired_session(
    sandbox: Aws, bucket: str, session_keys: MotoSessionKeys
) -> None:
    """In the form of each service. The response to HEAD has no body, so its code is the HTTP status."""
    issued = sandbox.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    session = boto3.Session(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"], REGION)
    path_style = Config(s3={"addressing_style": "path"})
    dynamodb = session.client("dynamodb", endpoint_url=sandbox.url)
    sts = session.client("sts", endpoint_url=sandbox.url)
    s3 = session.client("s3", endpoint_url=sandbox.url, config=path_style)
    sandbox.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"

    session_keys.issued[0].expiration -= timedelta(hours=2)

    assert code_of(dynamodb.list_tables) == ("ExpiredTokenException", 400)
    assert code_of(s3.get_object, Bucket=bucket, Key="k") == ("ExpiredToken", 400)
    assert code_of(s3.head_object, Bucket=bucket, Key="k") == ("400", 400)
    assert code_of(sts.get_caller_identity) == ("ExpiredToken", 403)
    assert sandbox.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize(("existing", "max_requests"), [("overwrite", 30), ("keep", 150)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_restore_goes_on_when_its_credentials_expire(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    session_keys: MotoSessionKeys,
    monkeypatch: pytest.MonkeyPatch,
    existing: str,
    max_requests: int,
    workers: int,
) -> None:
    """Again and again: readers of data files, writers and calls of the control plane get new keys, once for all."""
    monkeypatch.setattr(units, "MIN_BYTES_PER_WORKER", 1)  # so that little data gets two workers
    uri = sandbox.put_export(bucket, [[line(item) for item in ITEMS[n::20]] for n in range(20)])
    sandbox.create_table(name)
    restore = {
        "table": name,
        "from": {"s3_uri": uri},
        "to": {"table": name, "create": "never"},
        "existing": existing,
        "limits": {"workers": workers},
    }
    program.plan(plan(sandbox, bucket, {"assume_role": {"role_arn": ROLE}}, restores={"back": restore}))
    session_keys.max_requests = max_requests

    done = program.run("restore", "back", "--yes", "--output", "json")

    assert done.code == 0, done.err
    assert done.facts["written"] == len(ITEMS)
    assert len(sandbox.items(name)) == len(ITEMS)
    *used_up, _ = session_keys.issued
    assert used_up
    assert all(session_keys.requests[each.access_key_id] > max_requests for each in used_up), (
        "renewed too early"
    )
    assert session_keys.rejected.total() >= len(used_up)


def test_a_backup_goes_on_when_its_credentials_expire(
    sandbox: Aws, bucket: str, name: str, program: Program, session_keys: MotoSessionKeys
) -> None:
    """Also those of HEAD requests, whose response does not say why they were rejected."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS[:20])
    program.plan(plan(sandbox, bucket, {"assume_role": {"role_arn": ROLE}}, tables=[{"name": name}]))
    session_keys.max_requests = 8
    done = program.run("backup")
    assert done.code == 0, done.err
    assert len(session_keys.issued) > 2
    assert program.run("verify").code == 0
