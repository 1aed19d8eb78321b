"""A DynamoDB and an S3 for tests: SDK clients, and items in the JSON of the DynamoDB API."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from ddbbackup.model.backup_id import is_backup_id

REGION = "eu-west-1"
KEY, SECRET = "testkey", "testsecret"
_AUTH = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=00"

Item = dict[str, Any]


class Aws:
    """``url`` serves DynamoDB, ``s3_url`` S3 (by default the same); with ``sts``, STS, KMS and auto scaling too."""

    def __init__(self, url: str, s3_url: str | None = None, *, sts: bool = False) -> None:
        self.url, self.s3_url = url, s3_url or url
        others = ("sts", "kms", "application-autoscaling") if sts else ()
        self.endpoint_urls = {"dynamodb": url, "s3": self.s3_url, **dict.fromkeys(others, url)}
        session = boto3.Session(KEY, SECRET, region_name=REGION)
        self.dynamodb: Any = session.client("dynamodb", endpoint_url=url)
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self.s3: Any = session.client(
            "s3",
            endpoint_url=self.s3_url,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of any service and region, at the same URL."""
        if (service, region) not in self._clients:
            made = self._session.client(service, region, endpoint_url=self.url)  # type: ignore[call-overload]
            self._clients[service, region] = made
        return self._clients[service, region]

    # ---- tables

    def create_table(
        self,
        name: str,
        *,
        hash_key: str = "id",
        range_key: str | None = None,
        pitr: bool = False,
        **more: Any,
    ) -> str:
        """Creates a table with string keys, waits until it is ACTIVE, and returns its ARN."""
        keys = [(hash_key, "HASH"), *([(range_key, "RANGE")] if range_key else [])]
        attributes = more.pop("AttributeDefinitions", [])
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": role} for key, role in keys],
            AttributeDefinitions=[
                *({"AttributeName": key, "AttributeType": "S"} for key, _ in keys),
                *attributes,
            ],
            **{"BillingMode": "PAY_PER_REQUEST", **more},
        )
        while (table := self.dynamodb.describe_table(TableName=name)["Table"])["TableStatus"] != "ACTIVE":
            time.sleep(0.05)
        if pitr:
            self.set_pitr(name, enabled=True)
        return str(table["TableArn"])

    def set_pitr(self, table: str, *, enabled: bool) -> None:
        self.dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    def put(self, table: str, *items: Item) -> None:
        for item in items:
            self.call("PutItem", {"TableName": table, "Item": item})

    def items(self, table: str) -> list[Item]:
        """All items in the JSON of the API with their sets sorted, in the order of their JSON."""
        items: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            page = self.call("Scan", {"TableName": table, "ConsistentRead": True, **start})
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return in_order(items)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sends a request without the SDK, which would convert numbers and binaries."""
        request = urllib.request.Request(
            self.url,
            json.dumps(body).encode(),
            {
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
                "Authorization": _AUTH,
                "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{operation}: {error.read()[:500]!r}") from None

    # ---- exports in S3

    def create_bucket(self, name: str) -> str:
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def upload(self, folder: Path, bucket: str, prefix: str = "") -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = prefix + path.relative_to(folder).as_posix()
                self.s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    def put_export(
        self,
        bucket: str,
        files: Sequence[Iterable[bytes]],
        *,
        prefix: str = "",
        name: str = "01700000000000-0badcafe",
    ) -> str:
        """Writes an export of these lines (without newlines), and returns its s3_uri."""
        root = f"{prefix}AWSDynamoDB/{name}/"
        entries = []
        for number, lines in enumerate(files):
            content = [line + b"\n" for line in lines]
            body = gzip.compress(b"".join(content), mtime=0)
            key = f"{root}data/{number:026d}.json.gz"
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)
            entries.append({"itemCount": len(content), "md5Checksum": md5(body), "dataFileS3Key": key})
        self.put_manifests(bucket, root, entries)
        return f"s3://{bucket}/{root}"

    def put_manifests(
        self, bucket: str, root: str, entries: Sequence[dict[str, Any]], **members: Any
    ) -> None:
        files = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
        summary = {
            "version": "2020-06-30",
            "exportArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/gone/export/{root.split('/')[-2]}",
            "tableArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/gone",
            "tableId": "00000000-0000-0000-0000-000000000000",
            "startTime": "2026-01-01T00:00:00.000Z",
            "endTime": "2026-01-01T00:05:00.000Z",
            "exportTime": "2026-01-01T00:00:00.000Z",
            "s3Bucket": bucket,
            "s3Prefix": None,
            "s3SseAlgorithm": "AES256",
            "s3SseKmsKeyId": None,
            "manifestFilesS3Key": root + "manifest-files.json",
            "billedSizeBytes": 0,
            "itemCount": sum(entry["itemCount"] for entry in entries),
            "outputFormat": "DYNAMODB_JSON",
            **members,
        }
        for which, body in (("files", files), ("summary", json.dumps(summary).encode())):
            self.s3.put_object(Bucket=bucket, Key=f"{root}manifest-{which}.json", Body=body)
            self.s3.put_object(Bucket=bucket, Key=f"{root}manifest-{which}.md5", Body=md5(body).encode())

    def exists(self, table: str) -> bool:
        """ListTables would answer with a hundred of the tables that all tests share."""
        try:
            self.dynamodb.describe_table(TableName=table)
        except self.dynamodb.exceptions.ResourceNotFoundException:
            return False
        return True

    def record_keys(self, bucket: str, table: str) -> list[str]:
        """Of the records of one table of this account and region, whatever plan and prefix."""
        marker = f"/{REGION}/{table}/"
        return [
            key
            for key in self.keys(bucket, "")
            if "ddbbackup/" in key
            and marker in key
            and is_backup_id(key.rpartition("/")[2].removesuffix(".json"))
        ]

    def table_document(self, bucket: str, table: str, sha256: str) -> dict[str, Any]:
        """The description or the settings that a record of the table names."""
        (key,) = [key for key in self.keys(bucket) if key.endswith(f"/{REGION}/{table}/tables/{sha256}.json")]
        return dict(json.loads(self.read(bucket, key)))

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def line(item: Item) -> bytes:
    """A line of an export, without its newline."""
    return json.dumps({"Item": item}, ensure_ascii=False, separators=(",", ":")).encode()


def in_order(items: Iterable[Item]) -> list[Item]:
    return sorted((sets_sorted(item) for item in items), key=lambda item: json.dumps(item, sort_keys=True))


def sets_sorted(value: Any) -> Any:
    """Sets have no order; lists keep theirs."""
    if isinstance(value, dict):
        return {
            name: sorted(each) if name in ("SS", "NS", "BS") and isinstance(each, list) else sets_sorted(each)
            for name, each in value.items()
        }
    return [sets_sorted(each) for each in value] if isinstance(value, list) else value
