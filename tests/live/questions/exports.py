"""Open questions about exports, and about what other services make of their files."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live import estimate
from tests.live.data import ITEMS
from tests.live.model import Question
from tests.live.stage import Stage, error_of

LAYOUT: Final = "archive/"
SHORTEST_WINDOW: Final = 15 * 60  # seconds of an incremental export (DynamoDB guide: Quotas)


def leading_slash(stage: Stage) -> Any:
    done = stage.export(stage.source(), S3Prefix="/leading")
    keys = [each["Key"] for each in stage.keys(stage.vault()) if "leading" in each["Key"]]
    return {
        "S3Prefix": done.get("S3Prefix"),
        "ExportManifest": done.get("ExportManifest"),
        "failure": [done.get("FailureCode"), done.get("FailureMessage")],
        "keys": keys,
    }


def object_lock(stage: Stage) -> Any:
    """Which objects of an export the default retention of a bucket locks."""
    bucket = stage.make_bucket("exports-locked", ObjectLockEnabledForBucket=True)
    stage.s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        },
    )
    done = stage.export(stage.source(), S3Bucket=bucket)
    return {
        "status": done["ExportStatus"],
        "failure": [done.get("FailureCode"), done.get("FailureMessage")],
        "retention": {
            _kind(each["Key"]): _retention(stage, bucket, each["Key"]) for each in stage.keys(bucket)
        },
    }


def _retention(stage: Stage, bucket: str, key: str) -> str:
    return str(stage.s3.head_object(Bucket=bucket, Key=key).get("ObjectLockMode", "none"))


def write_order(stage: Stage) -> Any:
    """LastModified of each kind of object, to the second, as seconds after the first one."""
    objects = stage.keys(stage.vault(), _root(stage))
    first = min(each["LastModified"] for each in objects)
    return sorted(
        ([_kind(each["Key"]), (each["LastModified"] - first).total_seconds()] for each in objects),
        key=lambda pair: (pair[1], pair[0]),
    )


def data_files(stage: Stage) -> Any:
    """Number of gzip members, the last byte, and the form of the ETag."""
    files = []
    for each in stage.keys(stage.vault(), _root(stage) + "data/"):
        body = stage.read(stage.vault(), each["Key"])
        members, text = _members(body)
        files.append(
            {
                "bytes": len(body),
                "members": members,
                "lines": text.count(b"\n"),
                "ends with newline": text.endswith(b"\n") if text else None,
                "etag has parts": "-" in each["ETag"],
            }
        )
    return files


def _members(body: bytes) -> tuple[int, bytes]:
    count, text = 0, b""
    while body:
        inflater = zlib.decompressobj(wbits=31)
        text += inflater.decompress(body) + inflater.flush()
        body, count = inflater.unused_data, count + 1
    return count, text


def encrypted_etags(stage: Stage) -> Any:
    """Whether the ETags that the manifest names are those of the objects, under SSE-KMS."""
    key = stage.make_key("exports")
    done = stage.export(stage.source(), S3Prefix="encrypted", S3SseAlgorithm="KMS", S3SseKmsKeyId=key)
    if done["ExportStatus"] != "COMPLETED":
        return {"failure": [done.get("FailureCode"), done.get("FailureMessage")]}
    root = done["ExportManifest"].removesuffix("manifest-summary.json")
    etags = {each["Key"]: each["ETag"].strip('"') for each in stage.keys(stage.vault(), root)}
    manifest = stage.read(stage.vault(), root + "manifest-files.json").decode().splitlines()
    entries = [json.loads(entry) for entry in manifest]
    return {
        "equal": sum(etags[each["dataFileS3Key"]] == each.get("etag") for each in entries),
        "files": len(entries),
        "example": [entries[0].get("etag"), etags[entries[0]["dataFileS3Key"]]],
    }


def ion_lines(stage: Stage) -> Any:
    """Of a full export of items with every type of attribute."""
    done = stage.export(stage.source(), S3Prefix="ion", ExportFormat="ION")
    return _first_lines(stage, done)


def _windows_of(stage: Stage) -> tuple[str, datetime, datetime]:
    """A table with an insert, an update, a delete, and an insert that was deleted again; and their window."""

    def make() -> tuple[str, datetime, datetime]:
        table = stage.make_table("windows", items=ITEMS[:6], pitr=True)
        began = datetime.now(UTC).replace(microsecond=0)
        stage.pause(60)
        stage.put(table, ITEMS[10])
        stage.put(table, {**ITEMS[0], "new": {"NULL": True}})
        for gone in (ITEMS[1], ITEMS[11]):
            stage.put(table, gone)
            stage.dynamodb.delete_item(TableName=table, Key={name: gone[name] for name in ("id", "at")})
        # The window may end no later than the request, and recovery lags five minutes behind.
        stage.pause(SHORTEST_WINDOW + 6 * 60)
        return table, began, began + timedelta(seconds=SHORTEST_WINDOW)

    return stage.shared.get("windows", make)


def _incremental(stage: Stage, name: str, **members: Any) -> dict[str, Any]:
    table, start, end = _windows_of(stage)
    window = {"ExportFromTime": start, "ExportToTime": end, "ExportViewType": "NEW_AND_OLD_IMAGES"}
    return stage.export(
        table,
        S3Prefix=name,
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification=window,
        **members,
    )


def incremental_ion(stage: Stage) -> Any:
    return _first_lines(stage, _incremental(stage, "incremental-ion", ExportFormat="ION"))


def incremental_summary(stage: Stage) -> Any:
    """The summary of the manifest, and the lines, which the suite's own items fill."""
    done = _incremental(stage, "incremental")
    summary = stage.read(stage.vault(), done["ExportManifest"]).decode()
    return {"summary": json.loads(summary), "lines": _first_lines(stage, done)}


def incremental_import(stage: Stage) -> Any:
    """ImportTable of the data files of an incremental export."""
    done = _incremental(stage, "incremental-import")
    prefix = done["ExportManifest"].split("AWSDynamoDB/")[0] + "AWSDynamoDB/data/"
    found = stage.import_table(stage.name("imported-window"), prefix, seconds=20)
    shown = ("ImportStatus", "FailureCode", "FailureMessage", "ErrorCount", "ImportedItemCount")
    return {name: found.get(name) for name in shown}


def expiring_credentials(stage: Stage) -> Any:
    """An export that a role starts half a minute before its credentials expire."""
    actions = [
        "dynamodb:ExportTableToPointInTime",
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:AbortMultipartUpload",
    ]
    statement = {"Effect": "Allow", "Action": actions, "Resource": stage.own_resources()}
    role = stage.make_role("expiring", {"Version": "2012-10-17", "Statement": [statement]})
    source = stage.source()
    began = time.monotonic()
    client = stage.assume(role, seconds=900).client("dynamodb")
    stage.pause(870 - (time.monotonic() - began))
    started = client.export_table_to_point_in_time(
        TableArn=stage.table_arn(source), S3Bucket=stage.vault(), S3Prefix="expiring"
    )
    done = stage.ended_export(started["ExportDescription"]["ExportArn"])
    shown = ("ExportStatus", "FailureCode", "FailureMessage", "ItemCount")
    return {name: done.get(name) for name in shown} | {
        "seconds": (done["EndTime"] - done["StartTime"]).total_seconds()
    }


def other_region(stage: Stage) -> Any:
    """Reading an object with a client of another region."""
    (first, *_) = stage.keys(stage.vault(), _root(stage) + "data/")
    try:
        client = stage.client("s3", stage.other_region)
        client.get_object(Bucket=stage.vault(), Key=first["Key"])["Body"].read()
    except ClientError as error:
        return {"error": error_of(error)}
    return "read"


def owner_of_missing_bucket(stage: Stage) -> Any:
    """A list with an expected owner, of a bucket that does not exist."""
    try:
        stage.s3.list_objects_v2(Bucket=stage.name("never-made"), ExpectedBucketOwner=stage.account)
    except ClientError as error:
        return {"error": error_of(error)}
    return "listed"


def _first_lines(stage: Stage, done: dict[str, Any]) -> Any:
    if done["ExportStatus"] != "COMPLETED":
        return {"failure": [done.get("FailureCode"), done.get("FailureMessage")]}
    manifest = stage.read(stage.vault(), done["ExportManifest"].replace("manifest-summary", "manifest-files"))
    lines: list[str] = []
    for entry in manifest.decode().splitlines():
        text = gzip.decompress(stage.read(stage.vault(), json.loads(entry)["dataFileS3Key"])).decode()
        lines += text.split("\n")[:3]
    return [each for each in lines if each][:8]


def _root(stage: Stage) -> str:
    manifest: str = stage.source_export()["ExportManifest"]
    return manifest.removesuffix("manifest-summary.json")


def _kind(key: str) -> str:
    return "data" if "/data/" in key else key.rsplit("/", 1)[1]


_ONE: Final = estimate.export()
_WINDOW: Final = (*estimate.table(pitr=True), *estimate.incremental_export())
QUESTIONS: Final = (
    Question(
        "export/leading-slash",
        "Where are the files of an export whose prefix begins with a slash?",
        LAYOUT,
        leading_slash,
        charges=_ONE,
    ),
    Question(
        "export/object-lock",
        "Do exports work with a default retention of Object Lock, and which objects does it lock?",
        "checks/",
        object_lock,
        charges=_ONE,
    ),
    Question("export/write-order", "In which order are the files of an export written?", LAYOUT, write_order),
    Question(
        "export/data-files",
        "Have data files one gzip member, a last newline, and one-part ETags?",
        LAYOUT,
        data_files,
    ),
    Question(
        "export/kms-etags",
        "Are the ETags of the manifest those of the objects under SSE-KMS?",
        "catalog/verification.py",
        encrypted_etags,
        charges=(*_ONE, estimate.kms_key()),
    ),
    Question(
        "export/ion", "How does Ion text write NULL and the other types?", LAYOUT, ion_lines, charges=_ONE
    ),
    Question(
        "export/incremental-ion",
        "What are records of incremental exports in Ion?",
        LAYOUT,
        incremental_ion,
        charges=_WINDOW,
    ),
    Question(
        "export/incremental-lines",
        "Which members have the summary and the lines of an incremental export?",
        LAYOUT,
        incremental_summary,
        charges=_WINDOW,
    ),
    Question(
        "import/incremental",
        "Does ImportTable take an incremental export?",
        "restore/import_table.py",
        incremental_import,
        charges=(*_WINDOW, *estimate.import_()),
    ),
    Question(
        "export/expiring-credentials",
        "Does an export fail if the credentials that started it expire while it runs?",
        "backup/start_export.py",
        expiring_credentials,
        charges=_ONE,
    ),
    Question(
        "objects/other-region",
        "How does S3 answer a client of another region than the bucket's?",
        "aws/objects.py",
        other_region,
    ),
    Question(
        "objects/owner-of-missing-bucket",
        "How does S3 answer a request that expects an owner of a bucket that does not exist?",
        "aws/objects.py",
        owner_of_missing_bucket,
    ),
    Question(
        "export/limit-text",
        "What is the text of LimitExceededException above 300 exports or 100 TB?",
        "aws/error_map.py",
        reason="needs 300 exports at a time, about 30 USD",
    ),
    Question(
        "export/large-etags",
        "How many parts have the ETags of large data files?",
        "catalog/verification.py",
        reason="needs a table of some hundred GB",
    ),
    Question(
        "export/lifecycle",
        "Does an export still say COMPLETED after a lifecycle rule has removed its files?",
        "catalog/verification.py",
        reason="lifecycle rules act once a day, after a run has ended",
    ),
    Question(
        "export/transfer-price",
        "What does an export to a bucket in another region cost?",
        "pricing/",
        reason="shows on a bill only",
    ),
)
