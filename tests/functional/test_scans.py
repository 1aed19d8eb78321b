"""Scans of servers into an S3, and what reads them: nobody here wrote any of these programs, but the sandbox."""

from __future__ import annotations

import gzip
import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk.scan import ScanJob, ScanResult, scan_table
from ddbbackup.bulk.verify_data import VerifyJob, verify_data
from ddbbackup.catalog.exports import OpenedExport, open_export
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.progress import Progress
from ddbbackup.ports import KeyAttribute
from tests.support import servers
from tests.support.aws import KEY, REGION, SECRET, Aws, Item, in_order
from tests.support.every_type import every_type

KEYS = (KeyAttribute("id", "HASH", "S"),)
BEGUN = datetime(2026, 11, 23, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def s3() -> Iterator[Aws]:
    with servers.ministack() as url:
        yield Aws(url)


@pytest.fixture(params=["dynalite", "dynoxide", "ministack", "sandbox"], scope="module")
def server(request: pytest.FixtureRequest, s3: Aws) -> Iterator[Aws]:
    if request.param == "sandbox":
        yield request.getfixturevalue("sandbox")
    elif request.param == "ministack":
        yield s3
    else:
        with getattr(servers, request.param)() as url:
            yield Aws(url)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()


@pytest.fixture
def bucket(s3: Aws, name: str) -> str:
    return s3.create_bucket(f"{name}-vault")


def access_to(server: Aws, s3: Aws) -> AwsBulkAccess:
    table = Connection(region=REGION, endpoint_urls=(("dynamodb", server.url),))
    return AwsBulkAccess(target=table, source=Connection(region=REGION, endpoint_urls=(("s3", s3.url),)))


def job_for(server: Aws, table: str, bucket: str, **members: Any) -> ScanJob:
    described = server.dynamodb.describe_table(TableName=table)["Table"]
    export_id = make_export_id(BEGUN, "0badcafe")
    job = ScanJob(
        table=table,
        table_arn=described["TableArn"],
        table_id=described.get("TableId", "00000000-0000-0000-0000-000000000000"),
        keys=KEYS,
        export_id=export_id,
        folder=ExportFolder(bucket, f"backups/{table}/AWSDynamoDB/{export_id}/"),
        started_at=BEGUN,
        encryption=Encryption(),
    )
    return replace(job, **members)


def scan(
    job: ScanJob,
    server: Aws,
    s3: Aws,
    *,
    stop: threading.Event | None = None,
    seen: list[Progress] | None = None,
) -> ScanResult:
    def on_progress(progress: Progress) -> None:
        if seen is not None:
            seen.append(progress)

    return scan_table(
        job, access=access_to(server, s3), on_progress=on_progress, stop=stop or threading.Event()
    )


def items_in(s3: Aws, bucket: str, prefix: str) -> list[Item]:
    """Every item of every data file, in the order of ``in_order``."""
    bodies = [s3.read(bucket, key) for key in s3.keys(bucket, f"{prefix}data/")]
    lines = [line for body in bodies for line in gzip.decompress(body).split(b"\n") if line]
    return in_order(json.loads(line)["Item"] for line in lines)


def verify(opened: OpenedExport, s3: Aws) -> None:
    """Reads every data file, and compares it with its manifest."""

    def ignore(progress: Progress) -> None:
        """Nobody watches."""

    sizes = {facts.key: facts.size_bytes for facts in S3Objects(s3.s3).keys(opened.folder.bucket, "")}
    files = tuple(replace(file, size_bytes=sizes[file.key]) for file in opened.files)
    job = VerifyJob(files, "items", keys=KEYS)
    verified = verify_data(job, access=access_to(s3, s3), on_progress=ignore, stop=threading.Event())
    assert verified.item_count == opened.item_count


def many_items(count: int, size: int = 2000) -> list[Item]:
    return [
        {"id": {"S": f"item-{number}"}, "text": {"S": f"{number} " * (size // 5)}} for number in range(count)
    ]


def put_all(server: Aws, table: str, items: Sequence[Item]) -> None:
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        server.call("BatchWriteItem", {"RequestItems": {table: requests}})


def test_every_item_of_every_type_is_written(server: Aws, s3: Aws, bucket: str, name: str) -> None:
    """As the server has it, in the layout of AWS, with manifests that hold."""
    server.create_table(name)
    put_all(server, name, every_type())
    seen: list[Progress] = []
    result = scan(job := job_for(server, name, bucket), server, s3, seen=seen)
    items = server.items(name)
    assert items_in(s3, bucket, job.folder.root) == items
    assert (result.item_count, result.resumed_files) == (len(items), 0)
    assert (seen[-1].phase, seen[-1].done) == ("scan", len(items))
    opened = open_export(S3Objects(s3.s3), job.folder, owner=None)
    assert opened.item_count == len(items)
    assert opened.notes == ()
    verify(opened, s3)


def test_an_empty_table_is_a_whole_export(server: Aws, s3: Aws, bucket: str, name: str) -> None:
    """With empty files, as AWS writes them."""
    server.create_table(name)
    result = scan(job := job_for(server, name, bucket), server, s3)
    assert (result.item_count, result.file_count) == (0, result.segments)
    opened = open_export(S3Objects(s3.s3), job.folder, owner=None)
    assert [file.md5 for file in opened.files] == ["FjvgqIxwymKf1RbbqtrZag=="] * result.segments


def test_a_table_of_many_pages_is_read_once(server: Aws, s3: Aws, bucket: str, name: str) -> None:
    """Several pages in each segment, and several files."""
    server.create_table(name)
    put_all(server, name, many_items(1500))
    result = scan(job := job_for(server, name, bucket, concurrency=3), server, s3)
    assert result.item_count == 1500
    assert items_in(s3, bucket, job.folder.root) == in_order(many_items(1500))


def test_a_killed_scan_is_taken_up(server: Aws, s3: Aws, bucket: str, name: str, tmp_path: Path) -> None:
    """By another process, which reads again what the bucket does not hold, and nothing else."""
    server.create_table(name)
    put_all(server, name, many_items(3000))
    job = job_for(server, name, bucket, read_units_per_second=400)
    killed = start_scan(job, server, s3, tmp_path)
    while not any("/data/" in key for key in s3.keys(bucket)):
        assert killed.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    assert not any(key.endswith("manifest-summary.json") for key in s3.keys(bucket))

    result = scan(replace(job, read_units_per_second=None), server, s3)

    assert 0 < result.resumed_files < result.file_count
    assert items_in(s3, bucket, job.folder.root) == in_order(many_items(3000))
    assert "Uploads" not in s3.s3.list_multipart_uploads(Bucket=bucket)


def start_scan(job: ScanJob, server: Aws, s3: Aws, directory: Path) -> subprocess.Popen[bytes]:
    """In a process of its own, with small files and without a pause before they are saved."""
    (directory / "job").write_bytes(pickle.dumps((job, access_to(server, s3))))
    script = (
        "import pickle, pathlib, sys, threading\n"
        "from ddbbackup.bulk.scan import data_file, progress, scan_table\n"
        "data_file.MAX_OPEN_SECONDS = 0\n"
        "progress.SAVE_SECONDS = 0.05\n"
        "job, access = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "scan_table(job, access=access, on_progress=lambda progress: None, stop=threading.Event())\n"
    )
    return subprocess.Popen([sys.executable, "-c", script, str(directory / "job")])


# ---- other programs


def test_dynoxide_imports_the_folder(server: Aws, s3: Aws, bucket: str, name: str, tmp_path: Path) -> None:
    """As an export of AWS, with its own reader."""
    server.create_table(name)
    put_all(server, name, every_type())
    job = job_for(server, name, bucket)
    scan(job, server, s3)
    for key in s3.keys(bucket, job.folder.root):
        path = tmp_path / "exports" / name / key.removeprefix(job.folder.root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.read(bucket, key))
    table = server.dynamodb.describe_table(TableName=name)["Table"]
    members = ("TableName", "KeySchema", "AttributeDefinitions")
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"Table": {member: table[member] for member in members}}))
    with servers.dynoxide_with(tmp_path / "exports", schema) as url:
        assert Aws(url).items(name) == server.items(name)


def test_an_import_into_ministack_reads_the_folder(server: Aws, s3: Aws, bucket: str, name: str) -> None:
    """With its own ImportTable. It takes U+2028 for the end of a line, so this table has none."""
    server.create_table(name)
    put_all(server, name, [item for item in every_type() if item["id"]["S"] != "string"])
    job = job_for(server, name, bucket)
    scan(job, server, s3)
    arn = s3.dynamodb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": f"{job.folder.root}data/"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": f"{name}-new",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )["ImportTableDescription"]["ImportArn"]
    while (done := s3.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"])[
        "ImportStatus"
    ] == "IN_PROGRESS":
        time.sleep(0.05)
    assert done["ImportStatus"] == "COMPLETED"
    assert s3.items(f"{name}-new") == server.items(name)
