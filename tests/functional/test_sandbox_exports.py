"""How the sandbox lists exports, and ``doctor`` where the account has a history of exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ddbbackup.sandbox.export_rules import ExportState
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

HOURS = 60


@pytest.fixture
def history(sandbox: Aws, name: str, exports: MotoExports) -> Iterator[list[str]]:
    """The ARNs of hourly exports of three tables, one after the other, oldest first."""
    added: list[ExportState] = []
    for table in ("-a", "-b", "-c"):
        arn = sandbox.create_table(name + table, pitr=True)
        table_id = sandbox.dynamodb.describe_table(TableName=name + table)["Table"]["TableId"]
        for hour in range(HOURS):
            export = f"{arn}/export/0{1790000000000 + hour * 3600_000}-{hour:08x}"
            added.append(ExportState(export, {"S3Bucket": "b"}, arn, table_id, 0.0, 0.0, status="COMPLETED"))
    exports.started += added
    yield [each.arn for each in added]
    exports.started[:] = [each for each in exports.started if each not in added]


def list_exports(sandbox: Aws, **parameters: Any) -> list[str]:
    """The ARNs of all pages, in their order."""
    arns: list[str] = []
    while True:
        page = sandbox.dynamodb.list_exports(MaxResults=25, **parameters)
        arns += [each["ExportArn"] for each in page["ExportSummaries"]]
        if "NextToken" not in page:
            return arns
        parameters["NextToken"] = page["NextToken"]


def test_exports_are_listed_by_arn_and_not_by_time(
    sandbox: Aws, name: str, bucket: str, history: list[str]
) -> None:
    """The history of the last table comes before the newest export of the table before it (DynamoDB API)."""
    arn = history[0].rpartition("/export/")[0]
    sandbox.dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)

    listed = [each for each in list_exports(sandbox) if f"/{name}-" in each]

    assert listed == sorted(listed, reverse=True)
    assert len(listed) == len(history) + 1
    assert listed[: 2 * HOURS] == history[: HOURS - 1 : -1]
    assert listed[2 * HOURS] not in history
    assert list_exports(sandbox, TableArn=arn) == listed[2 * HOURS :]


def test_doctor_counts_running_exports_behind_a_history(
    sandbox: Aws,
    name: str,
    bucket: str,
    program: Program,
    history: list[str],
    exports: MotoExports,
    jobs: Sandbox,
) -> None:
    """By table, and says so: the first pages show only what has ended."""
    exports.export_seconds = (60.0, 60.0)
    arn = history[0].rpartition("/export/")[0]
    sandbox.dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))

    jobs.requests.bursts.update(ListExports=20, DescribeContinuousBackups=11)
    doctor = program.run("doctor", "--output", "json")

    (found,) = [each for each in doctor.report["checks"] if each["name"] == "exports"]
    assert found["message"].startswith(
        "running exports of the 3 checked tables: 1, quota of the account: 300;"
    )
