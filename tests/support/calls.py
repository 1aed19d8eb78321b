"""Records the AWS calls that reach the sandbox, whatever process and library sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.core.responses import BaseResponse

from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
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
class Call:
    """One request: the operation as the SDK names it, and the ARN of the resource, or ``*`` if it has none."""

    service: str
    operation: str
    resource: str


@contextmanager
def calls_of_sandbox() -> Iterator[list[Call]]:
    """Records every call to the sandbox of this process."""
    calls: list[Call] = []
    original = BaseResponse.setup_class

    def recording(self: BaseResponse, request: Any, *arguments: Any, **more: Any) -> None:
        original(self, request, *arguments, **more)
        body = self.raw_body if isinstance(self.raw_body, bytes) else request.data
        call = _call(request, body, self.querystring.get("Action", [None])[0])
        calls.append(call)
        if call.operation == "RestoreTableToPointInTime":  # needs its permission on both tables
            parameters = json.loads(body)
            source = parameters.get("SourceTableArn") or _table(parameters["SourceTableName"])
            calls.append(replace(call, resource=source))

    BaseResponse.setup_class = recording  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        BaseResponse.setup_class = original  # type: ignore[method-assign]


def _call(request: Any, body: bytes, action: str | None) -> Call:
    target = request.headers.get("X-Amz-Target")
    if target:
        service, operation = target.split("_")[0].split(".")[0].lower(), target.rpartition(".")[2]
        service = _IAM_PREFIXES.get(service, service)
        return Call(service, operation, _json_resource(service, json.loads(body or b"{}")))
    url = urlsplit(request.url)
    if action is not None:
        return Call("sts", action, "*")
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    query = parse_qs(url.query, keep_blank_values=True)
    arn = S3Location(bucket, key).arn("aws")
    return Call("s3", _s3_operation(request.method, bool(key), query), str(arn))


def _s3_operation(method: str, has_key: bool, query: dict[str, list[str]]) -> str:
    if has_key:
        return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[
            method
        ]
    if method == "HEAD":
        return "HeadBucket"
    if method == "GET":
        return next((name for part, name in _BUCKET_READS.items() if part in query), "ListObjects")
    return f"{method.title()}Bucket"


def _json_resource(service: str, body: dict[str, Any]) -> str:
    if service == "kms":
        return str(body.get("KeyId", "*"))
    arn = body.get("ExportArn") or body.get("ImportArn") or body.get("TableArn") or body.get("ResourceArn")
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
