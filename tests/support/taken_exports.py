"""Takes exports through the API, and reads what they wrote by their manifests alone."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, Item


@dataclass(frozen=True)
class TakenExport:
    """``summary`` and ``files`` are the manifests, ``lines`` those of all data files."""

    description: dict[str, Any]
    summary: dict[str, Any]
    files: Sequence[dict[str, Any]]
    lines: Sequence[bytes]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def items(self) -> list[Item]:
        """Of a full export in DynamoDB JSON."""
        return [record["Item"] for record in self.records]


def take_export(aws: Aws, table: str, bucket: str, **parameters: Any) -> TakenExport:
    """Starts an export, waits for it, and reads it. Fails if it fails."""
    arn = aws.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    started = aws.dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, **parameters)
    return read_export(aws, bucket, started["ExportDescription"]["ExportArn"])


def take_window(
    aws: Aws, table: str, bucket: str, start: float, end: float, *, view: str | None = None, **parameters: Any
) -> TakenExport:
    """An incremental export from ``start`` to ``end``, in seconds since the epoch. ``view``: the ExportViewType."""
    window = {"ExportFromTime": start, "ExportToTime": end, **({"ExportViewType": view} if view else {})}
    incremental = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": window}
    return take_export(aws, table, bucket, **incremental, **parameters)


def read_export(aws: Aws, bucket: str, arn: str) -> TakenExport:
    deadline = time.monotonic() + 60
    while True:
        description = aws.dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        if description["ExportStatus"] != "IN_PROGRESS":
            break
        assert time.monotonic() < deadline, description
        time.sleep(0.05)
    assert description["ExportStatus"] == "COMPLETED", description
    summary = json.loads(aws.read(bucket, description["ExportManifest"]))
    files = [json.loads(line) for line in aws.read(bucket, summary["manifestFilesS3Key"]).splitlines()]
    lines = [
        line
        for each in files
        for line in gzip.decompress(aws.read(bucket, each["dataFileS3Key"])).split(b"\n")
        if line
    ]
    return TakenExport(description, summary, files, lines)


def pass_seconds(clock: SandboxClock, seconds: float) -> int:
    """Lets time pass, and returns the time: whole seconds since the epoch, after every write so far."""
    clock.advance(seconds)
    return int(clock.now())
