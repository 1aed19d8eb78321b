"""Rules of DynamoDB for every request, in the sandbox, and how the program lives with them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.sandbox import moto_buckets
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(60)]


@pytest.mark.parametrize("method", ["write", "import"])
def test_a_new_table_is_unknown_to_requests_for_items_for_a_moment(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox, method: str
) -> None:
    """Although DescribeTable calls it ACTIVE."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    restore = {"table": name, "to": {"table": f"{name}-new"}, "method": method}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    jobs.requests.data_plane_lag_seconds = 1.5

    done = program.run("restore", "back")

    jobs.requests.data_plane_lag_seconds = 0.0
    assert done.code == 0, done.err
    assert in_order(sandbox.items(f"{name}-new")) == in_order(ITEMS)


def test_bursts_of_describing_calls_are_throttled(
    sandbox: Aws, bucket: str, name: str, program: Program, jobs: Sandbox
) -> None:
    """As AWS does after a few back-to-back. Settings of several tables are read all the same."""
    names = [f"{name}-{number}" for number in range(6)]
    for each in names:
        sandbox.create_table(each, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": each} for each in names]))
    jobs.requests.bursts.update(DescribeTimeToLive=4, DescribeContinuousBackups=11, DescribeExport=13)

    done = program.run("backup")

    assert done.code == 0, done.err


def test_puts_of_one_key_at_the_same_moment_are_made_again(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """S3 answers 409 to all but one of them, and asks for another attempt. It is no failed condition."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    moto_buckets.CONFLICTS[bucket] = 2

    done = program.run("backup")

    assert done.code == 0, done.err
    assert moto_buckets.CONFLICTS[bucket] == 0


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(-6, "Signature expired: "), (6, "Signature not yet current: "), (-4, None), (4, None)],
)
def test_a_signature_is_valid_for_five_minutes(sandbox: Aws, minutes: int, message: str | None) -> None:
    """Before and after the time of the server."""
    signed = datetime.now(UTC) + timedelta(minutes=minutes)
    request = urllib.request.Request(
        sandbox.url,
        data=b"{}",
        headers={
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "X-Amz-Date": f"{signed:%Y%m%dT%H%M%SZ}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20261126/eu-west-1/dynamodb/aws4_request",
        },
    )
    if message is None:
        assert urllib.request.urlopen(request).status == 200
        return
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    error = json.load(raised.value)
    assert error["__type"].endswith("#InvalidSignatureException")
    assert str(error.get("message") or error.get("Message")).startswith(message)
