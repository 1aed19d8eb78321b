"""Records the AWS calls that reach the sandbox, whatever process and library sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from moto.core.responses import BaseResponse
from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from requests.structures import CaseInsensitiveDict

from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.sandbox.moto_tables import table_state
from tests.support.aws import REGION

ACCOUNT = "123456789012"
_BUCKET_READS = {
    "versioning": "GetBucketVersioning",
    "object-lock": "GetObjectLockConfiguration",
    "publicAccessBlock": "GetPublicAccessBlock",
    "encryption": "GetBucketEncryption",
    "lifecycle": "GetBucketLifecycleConfiguration",
    "list-type": "ListObjectsV2",
}


_IAM_PREFIXES = {
    "trentservice": "kms",
    "anyscalefrontendservice": "application-autoscaling",
    "resourcegroupstaggingapi": "tag",
}


@dataclass(frozen=True)
class Key:
    """A KMS key: its ARN and its aliases."""

    arn: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """One request: the operation as the SDK names it, and the ARN of the resource, or ``*`` if it has none.

    ``parameters`` are those of a JSON request. ``table_keys`` are the customer managed keys of the tables whose data
    it touches, ``object_key`` is that of the object that it reads, writes or exports, and ``key`` the one that it is
    about. ``replica_regions`` are those of its table. All as they are when the request arrives.
    """

    service: str
    operation: str
    resource: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    table_keys: tuple[Key, ...] = ()
    object_key: Key | None = None
    key: Key | None = None
    replica_regions: tuple[str, ...] = ()


@contextmanager
def calls_of_sandbox() -> Iterator[list[Call]]:
    """Records every call to the sandbox of this process."""
    calls: list[Call] = []
    original = BaseResponse.setup_class

    def recording(self: BaseResponse, request: Any, *arguments: Any, **more: Any) -> None:
        original(self, request, *arguments, **more)
        body = self.raw_body if isinstance(self.raw_body, bytes) else request.data
        calls.extend(_calls(request, body, self.querystring.get("Action", [None])[0]))

    BaseResponse.setup_class = recording  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        BaseResponse.setup_class = original  # type: ignore[method-assign]


def calls_of(method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Call]:
    """What one request is, before it reaches the sandbox; names of ``headers`` in any case."""
    form = b"Action=" in body[:4096] and "x-amz-target" not in {name.lower() for name in headers}
    action = parse_qs(body.decode())["Action"][0] if method == "POST" and form else None
    request = SimpleNamespace(method=method, url=url, headers=CaseInsensitiveDict(headers))
    return list(_calls(request, body, action))


def _calls(request: Any, body: bytes, action: str | None) -> Iterator[Call]:
    deleted = list(_deleted(request, body))
    if deleted:
        yield from deleted
        return
    call = _call(request, body, action)
    yield call
    if call.operation == "RestoreTableToPointInTime":  # needs its permission on both tables
        parameters = json.loads(body)
        source = parameters.get("SourceTableArn") or _table(parameters["SourceTableName"])
        yield replace(call, resource=source)
    if call.operation == "RestoreTableFromBackup":  # needs its permission on the backup and on the table
        yield replace(call, resource=_table(json.loads(body)["TargetTableName"]))


def _deleted(request: Any, body: bytes) -> Iterator[Call]:
    """DeleteObjects needs s3:DeleteObject for each of its objects (SAR: Amazon S3)."""
    url = urlsplit(request.url)
    if request.method != "POST" or "delete" not in parse_qs(url.query, keep_blank_values=True):
        return
    bucket = unquote(url.path).strip("/")
    for each in ElementTree.fromstring(body).iterfind(".//{*}Key"):
        yield Call("s3", "DeleteObject", str(S3Location(bucket, each.text or "").arn("aws")))


def _call(request: Any, body: bytes, action: str | None) -> Call:
    target = request.headers.get("X-Amz-Target")
    if target:
        service, operation = target.split("_")[0].split(".")[0].lower(), target.rpartition(".")[2]
        service = _IAM_PREFIXES.get(service, service)
        return _json_call(service, operation, json.loads(body or b"{}"))
    url = urlsplit(request.url)
    if action is not None:
        return Call("sts", action, "*")
    bucket, _, name = unquote(url.path).lstrip("/").partition("/")
    query = parse_qs(url.query, keep_blank_values=True)
    arn = str(S3Location(bucket, name).arn("aws"))
    operation = _s3_operation(request.method, bool(name), query)
    object_key = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    if operation == "GetObject":
        found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        stored = found.keys.get(name) if found is not None else None
        object_key = stored.kms_key_id if stored is not None else None
    return Call("s3", operation, arn, object_key=_key(object_key))


def _json_call(service: str, operation: str, body: dict[str, Any]) -> Call:
    # SAR: Amazon DynamoDB, ListBackups has no resource.
    resource = _json_resource(service, body) if operation != "ListBackups" else "*"
    call = Call(service, operation, resource, body)
    if service == "kms":
        key = _key(body.get("KeyId"))
        return replace(call, key=key, resource=key.arn) if key is not None else call
    if service != "dynamodb":
        return call
    table = dynamodb_backends[ACCOUNT][REGION].tables.get(body.get("TableName", ""))
    return replace(
        call,
        table_keys=tuple(dict.fromkeys(_table_keys(operation, body))),
        object_key=_key(body.get("S3SseKmsKeyId")),
        replica_regions=tuple(table_state(table).replicas) if table is not None else (),
    )


def _table_keys(operation: str, body: dict[str, Any]) -> Iterator[Key]:
    """Of the tables that a request reads, writes or creates; none if AWS manages or owns the key."""
    new = body.get("TableCreationParameters", body).get("SSESpecification") or body.get(
        "SSESpecificationOverride"
    )
    texts = [(new or {}).get("KMSMasterKeyId")] if operation != "UpdateTable" else []
    restored = body.get("BackupArn") if operation == "RestoreTableFromBackup" else None
    arn = Arn.parse_if_arn(body.get("TableArn") or body.get("SourceTableArn") or restored or "")
    names = [
        body.get("TableName"),
        body.get("SourceTableName"),
        arn and arn.table_name,
        *body.get("RequestItems", ()),
    ]
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    texts += [
        (tables[name].sse_specification or {}).get("KMSMasterKeyId") for name in names if name in tables
    ]
    for text in texts:
        key = _key(text)
        if key is not None and _manager(key) != "AWS":
            yield key


def _manager(key: Key) -> str:
    kms = kms_backends[ACCOUNT][Arn.parse(key.arn).region]
    return str(kms.describe_key(key.arn).key_manager)


def _key(text: str | None) -> Key | None:
    """The key with an ARN, an ID or an alias, as KMS finds it in the account of the request."""
    if not text:
        return None
    arn = Arn.parse_if_arn(text)
    kms = kms_backends[ACCOUNT][arn.region if arn is not None else REGION]
    found = kms.keys.get(kms.any_id_to_key_id(text))
    return Key(str(found.arn), tuple(sorted(found.aliases))) if found is not None else None


def _s3_operation(method: str, has_key: bool, query: dict[str, list[str]]) -> str:
    upload = _upload_operation(method, has_key, query)
    if upload is not None:
        return upload
    if has_key:
        if method == "POST" and "restore" in query:
            return "RestoreObject"
        return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[
            method
        ]
    if method == "HEAD":
        return "HeadBucket"
    if method == "GET":
        return next((name for part, name in _BUCKET_READS.items() if part in query), "ListObjects")
    return f"{method.title()}Bucket"


def _upload_operation(method: str, has_key: bool, query: dict[str, list[str]]) -> str | None:
    if "uploads" in query:
        return "CreateMultipartUpload" if has_key else "ListMultipartUploads"
    if "uploadId" not in query:
        return None
    return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}[method]


def _json_resource(service: str, body: dict[str, Any]) -> str:
    if service == "kms":
        return str(body.get("KeyId", "*"))
    named = ("ExportArn", "ImportArn", "BackupArn", "TableArn", "ResourceArn")
    arn = next((body[name] for name in named if body.get(name)), None)
    if arn:
        return str(arn)
    requested = body.get("RequestItems")
    new = body.get("TableCreationParameters", {}).get("TableName") or body.get("TargetTableName")
    table = body.get("TableName") or new or (next(iter(requested)) if requested else None)
    index = (
        f"/index/{body['IndexName']}" if "IndexName" in body and "KeyConditionExpression" not in body else ""
    )
    return _table(table) + index if table else "*"


def _table(name: str) -> str:
    return str(Arn.of_table(name, partition="aws", region=REGION, account=ACCOUNT))
