"""Backups that a lifecycle rule has archived: found in the listing, and retrieved by `restore --retrieve`."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ddbbackup.sandbox.moto_archives import MotoArchives, Retrieval
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, line
from tests.support.plans import plan
from tests.support.program import Program

ITEMS = [{"id": {"S": str(n)}} for n in range(20)]
TIERS = ["GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]


@pytest.fixture
def backed_up(sandbox: Aws, bucket: str, name: str, program: Program) -> str:
    """A table with a backup and a restore named back; the name of the target."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    target = f"{name}-2"
    restores = {"back": {"table": name, "to": {"table": target}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    return target


def data_files(aws: Aws, bucket: str) -> list[str]:
    return [key for key in aws.keys(bucket) if "/data/" in key]


def exists(aws: Aws, table: str) -> bool:
    return aws.exists(table)


@pytest.mark.parametrize("tier", TIERS)
def test_an_archived_backup_is_retrieved_and_then_restored(
    sandbox: Aws, bucket: str, program: Program, archives: MotoArchives, backed_up: str, tier: str
) -> None:
    """Before anything is created; each further run says how many objects are still under way."""
    files = data_files(sandbox, bucket)
    for key in files[:3]:
        archives.archive(bucket, key, tier)

    refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 1
    assert "3 of 4 objects of " in refused.error["message"]
    assert f"archived and cannot be read (3 in {tier})" in refused.error["message"]
    assert "--retrieve standard" in refused.error["hint"]
    assert (archives.requested, exists(sandbox, backed_up)) == ([], False)

    asked = program.run("restore", "back", "--retrieve", "bulk", "--output", "json")
    assert asked.code == 75
    assert "S3 is retrieving 3 of 4 objects" in asked.error["message"]
    days = None if tier.endswith("ACCESS") else 7
    assert sorted(archives.requested, key=lambda each: each.key) == [
        Retrieval(key, "Bulk", days) for key in sorted(files[:3])
    ]
    assert asked.named("retrieval.requested")[0]["objects"] == 3

    archives.finish(bucket, files[0])
    for arguments in ([], ["--retrieve", "bulk"]):
        waiting = program.run("restore", "back", *arguments, "--output", "json")
        assert waiting.code == 75
        assert "S3 is still retrieving 2 of 4 objects" in waiting.error["message"]
    assert (len(archives.requested), exists(sandbox, backed_up)) == (3, False)

    for key in files[1:3]:
        archives.finish(bucket, key)
    done = program.run("restore", "back", "--retrieve", "bulk", "--output", "json")
    assert done.code == 0, done.err
    assert sandbox.items(backed_up) == sandbox.items(backed_up.removesuffix("-2"))


def test_glacier_instant_retrieval_is_read_as_it_is(
    sandbox: Aws, bucket: str, program: Program, archives: MotoArchives, backed_up: str
) -> None:
    """It is no archive that must be waited for, and neither is the frequent tier of INTELLIGENT_TIERING."""
    first, second, *_ = data_files(sandbox, bucket)
    archives.archive(bucket, first, "GLACIER_IR")
    archives.archive(bucket, second, "INTELLIGENT_TIERING")

    assert program.run("verify").code == 0
    assert program.run("restore", "back").code == 0
    assert exists(sandbox, backed_up)


def test_archived_manifests_are_retrieved_with_the_data_files(
    sandbox: Aws, bucket: str, program: Program, archives: MotoArchives, backed_up: str
) -> None:
    """In one request: nobody waits twelve hours for the manifest and then twelve hours for the data."""
    folder = [key for key in sandbox.keys(bucket) if "/AWSDynamoDB/" in key]
    for key in folder:
        archives.archive(bucket, key, "DEEP_ARCHIVE")

    refused = program.run("restore", "back", "--output", "json")
    asked = program.run("restore", "back", "--retrieve", "standard", "--output", "json")
    waiting = program.run("restore", "back", "--output", "json")

    assert (refused.code, asked.code, waiting.code) == (1, 75, 75)
    assert f"{len(folder)} of {len(folder)} objects" in refused.error["message"]
    assert {each.key for each in archives.requested} == set(folder)
    for key in folder:
        archives.finish(bucket, key)
    assert program.run("restore", "back").code == 0
    assert sandbox.items(backed_up) == sandbox.items(backed_up.removesuffix("-2"))


def test_preview_doctor_and_verify_count_archived_objects(
    sandbox: Aws, bucket: str, name: str, program: Program, archives: MotoArchives, backed_up: str
) -> None:
    """`preview` says what the run would say; `verify` reads nothing of such a backup."""
    fine = program.run("doctor", "--output", "json")
    for key in data_files(sandbox, bucket)[:2]:
        archives.archive(bucket, key, "GLACIER")

    preview = program.run("preview", "restore", "back", "--output", "json")
    restore = program.run("restore", "back", "--output", "json")
    doctor = program.run("doctor", "--output", "json")
    verify = program.run("verify", "--output", "json")

    (blocker,) = preview.report["restores"][0]["blockers"]
    assert (preview.code, blocker["message"]) == (1, restore.error["message"])
    assert "2 of 4 objects" in blocker["message"]
    assert storage_class(fine.report)["state"] == "ok"
    assert storage_class(doctor.report)["state"] == "warning"
    assert (
        f"1 of 1 table have archived objects, so a restore waits for hours: {name} (2 in GLACIER)"
        in (storage_class(doctor.report)["message"])
    )
    assert verify.code == 1
    assert "2 of 4 data files" in verify.error["message"]
    assert "archived and cannot be read (2 in GLACIER)" in verify.error["message"]


def storage_class(report: dict[str, Any]) -> dict[str, Any]:
    (found,) = [each for each in report["checks"] if each["name"] == "storage class"]
    return dict(found)


def test_nothing_is_retrieved_for_a_restore_that_is_refused(
    sandbox: Aws, bucket: str, program: Program, archives: MotoArchives, backed_up: str
) -> None:
    """Retrievals cost money."""
    archives.archive(bucket, data_files(sandbox, bucket)[0], "GLACIER")
    sandbox.create_table(backed_up)
    sandbox.put(backed_up, {"id": {"S": "mine"}})

    refused = program.run("restore", "back", "--retrieve", "standard", "--output", "json")

    assert refused.code == 1
    assert "already holds items" in refused.error["message"]
    assert archives.requested == []


@pytest.mark.parametrize("method", ["import", "bulk-put"])
def test_a_job_that_finds_archived_objects_says_so(
    sandbox: Aws,
    bucket: str,
    program: Program,
    archives: MotoArchives,
    jobs: Sandbox,
    backed_up: str,
    method: str,
) -> None:
    """A lifecycle rule may archive them after the look at the listing.

    Doing what the hint says leads to the restored table.
    """
    running: Any = jobs.imports if method == "import" else jobs.bulk_puts
    before = len(running.started)
    (program.directory / "method.yaml").write_text(f"restores: {{back: {{method: {method}}}}}")

    def archive() -> None:
        while len(running.started) == before:
            time.sleep(0.005)
        for key in data_files(sandbox, bucket):
            archives.archive(bucket, key, "GLACIER")
        running.timers.gate.set()

    running.timers.gate.clear()
    thread = threading.Thread(target=archive)
    thread.start()
    layers = ("-f", "ddbbackup.yaml", "-f", "method.yaml")
    failed = program.run("restore", "back", *layers, "--output", "json")
    thread.join()

    assert failed.code == 1
    assert "S3InvalidObjectState" in failed.error["message"]
    if method == "import":  # the failed import would be found again
        assert failed.error["message"].endswith(f"; the empty table {backed_up} remains")
        assert f"delete {backed_up}" in failed.error["hint"]
        sandbox.dynamodb.delete_table(TableName=backed_up)
    for key in data_files(sandbox, bucket):
        sandbox.s3.restore_object(Bucket=bucket, Key=key, RestoreRequest={"Days": 1})
        archives.finish(bucket, key)
    assert program.run("restore", "back", *layers).code == 0
    assert sandbox.items(backed_up) == sandbox.items(backed_up.removesuffix("-2"))


# ---- the sandbox


def code_of(call: Any, **parameters: Any) -> str:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def test_the_sandbox_keeps_archived_objects_unreadable_until_they_are_retrieved(
    sandbox: Aws, bucket: str, archives: MotoArchives
) -> None:
    """S3 guide: Working with archived objects."""
    s3, where = sandbox.s3, {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where, Body=b"body", StorageClass="GLACIER")
    request = {"Days": 3, "GlacierJobParameters": {"Tier": "Bulk"}}

    def listed() -> dict[str, Any]:
        answer = s3.list_objects_v2(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])
        return dict(answer["Contents"][0])

    assert code_of(s3.get_object, **where) == "InvalidObjectState"
    assert (listed()["StorageClass"], "RestoreStatus" in listed()) == ("GLACIER", False)
    assert code_of(s3.restore_object, **where, RestoreRequest={}) == "MalformedXML"
    assert code_of(s3.restore_object, **where, RestoreRequest=request) == "ok"
    assert code_of(s3.restore_object, **where, RestoreRequest=request) == "RestoreAlreadyInProgress"
    assert listed()["RestoreStatus"]["IsRestoreInProgress"] is True
    assert s3.head_object(**where)["Restore"] == 'ongoing-request="true"'
    assert code_of(s3.get_object, **where) == "InvalidObjectState"

    archives.finish(bucket, "k")

    assert listed()["StorageClass"] == "GLACIER"
    assert "RestoreExpiryDate" in listed()["RestoreStatus"]
    assert s3.head_object(**where)["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert s3.get_object(**where)["Body"].read() == b"body"


@pytest.mark.parametrize("job", ["import", "bulk put"])
def test_imports_and_bulk_puts_cannot_read_archived_objects(
    sandbox: Aws, bucket: str, name: str, archives: MotoArchives, job: str
) -> None:
    """Until S3 has retrieved them."""
    for number, item in enumerate(ITEMS[:2]):
        sandbox.s3.put_object(Bucket=bucket, Key=f"in/{number}.json", Body=line(item) + b"\n")
    archives.archive(bucket, "in/1.json", "DEEP_ARCHIVE")

    status, code = run_job(sandbox, job, bucket, name)
    assert (status, code) == ("FAILED", "S3InvalidObjectState")

    request = {"Days": 1}
    assert code_of(sandbox.s3.restore_object, Bucket=bucket, Key="in/1.json", RestoreRequest=request) == "ok"
    archives.finish(bucket, "in/1.json")

    assert run_job(sandbox, job, bucket, f"{name}-2") == ("COMPLETED", None)
    assert len(sandbox.items(f"{name}-2")) == 2


def run_job(aws: Aws, job: str, bucket: str, table: str) -> tuple[str, str | None]:
    """The status and the failure code of a job that reads `in/` into a new table."""
    source = {"S3Bucket": bucket, "S3KeyPrefix": "in/"}
    if job == "import":
        arn = aws.dynamodb.import_table(
            S3BucketSource=source,
            InputFormat="DYNAMODB_JSON",
            TableCreationParameters={
                "TableName": table,
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )["ImportTableDescription"]["ImportArn"]
    else:
        aws.create_table(table)
        arn = aws.dynamodb.start_bulk_put_items(
            TableName=table,
            InputS3Configuration={**source, "InputFormat": "DYNAMODB_JSON"},
            OutputS3Configuration={"S3Bucket": bucket, "OutputType": ["ERROR"]},
        )["BulkOperationDescription"]["BulkOperationArn"]
    while True:
        if job == "import":
            found = aws.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
            status = found["ImportStatus"]
        else:
            found = aws.dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
            status = found["BulkOperationStatus"]
        if status != "IN_PROGRESS":
            return status, found.get("FailureCode")
        time.sleep(0.05)


def test_the_archive_tiers_of_intelligent_tiering_are_in_no_listing(
    sandbox: Aws, bucket: str, archives: MotoArchives
) -> None:
    """Only HeadObject names them. A retrieved object moves back, and ``Days`` are refused."""
    s3, where = sandbox.s3, {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where, Body=b"body", StorageClass="INTELLIGENT_TIERING")
    assert code_of(s3.get_object, **where) == "ok"
    archives.archive(bucket, "k", "ARCHIVE_ACCESS")

    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "INTELLIGENT_TIERING"
    assert s3.head_object(**where)["ArchiveStatus"] == "ARCHIVE_ACCESS"
    assert code_of(s3.get_object, **where) == "InvalidObjectState"
    assert code_of(s3.restore_object, **where, RestoreRequest={"Days": 1}) == "MalformedXML"
    assert code_of(s3.restore_object, **where, RestoreRequest={}) == "ok"

    archives.finish(bucket, "k")

    assert "ArchiveStatus" not in s3.head_object(**where)
    assert s3.get_object(**where)["Body"].read() == b"body"


def test_a_retrieval_of_the_sandbox_ends_by_itself(sandbox: Aws, bucket: str, archives: MotoArchives) -> None:
    """After ``retrieve_seconds``. An object that is not archived is refused."""
    archives.retrieve_seconds = 0.05
    s3, where = sandbox.s3, {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where, Body=b"body", StorageClass="DEEP_ARCHIVE")
    s3.put_object(Bucket=bucket, Key="plain", Body=b"body")
    request = {"Days": 1}
    assert code_of(s3.restore_object, **where, RestoreRequest=request) == "ok"
    while code_of(s3.get_object, **where) != "ok":
        pass
    assert (
        code_of(s3.restore_object, Bucket=bucket, Key="plain", RestoreRequest=request) == "InvalidObjectState"
    )
