"""Refuses responses that are cut, are no response of the service, or lack what the operation always returns.

botocore reads such a body as a response without members. A list would then be empty, and a setting disabled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from ddbbackup.model.documents import JSON_OBJECT, InvalidDocument

_EXPORT: Final = ("ExportArn", "ExportStatus", "TableArn", "S3Bucket")
_IMPORT: Final = ("ImportArn", "ImportStatus")
_SNAPSHOT: Final = ("BackupArn", "BackupName", "BackupStatus", "BackupCreationDateTime")
# Source: response syntax of each operation in the API references of DynamoDB, S3, STS and KMS. Below a member, `[]`
# means each element of its list; an empty list of a member with `?` is left out of the response.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "CreateBackup": tuple(f"BackupDetails.{name}" for name in _SNAPSHOT),
    "DescribeBackup": tuple(f"BackupDescription.BackupDetails.{name}" for name in _SNAPSHOT),
    "CompleteMultipartUpload": ("ETag",),
    "CreateMultipartUpload": ("UploadId",),
    "DescribeContinuousBackups": ("ContinuousBackupsDescription.ContinuousBackupsStatus",),
    "DescribeExport": tuple(f"ExportDescription.{name}" for name in _EXPORT),
    "DescribeImport": tuple(f"ImportTableDescription.{name}" for name in _IMPORT),
    "DescribeKey": ("KeyMetadata.Arn",),
    "DescribeTable": (
        "Table.TableName",
        "Table.TableArn",
        "Table.TableStatus",
        "Table.KeySchema.[].AttributeName",
        "Table.KeySchema.[].KeyType",
        "Table.AttributeDefinitions.[].AttributeName",
        "Table.AttributeDefinitions.[].AttributeType",
    ),
    "DescribeTimeToLive": ("TimeToLiveDescription",),
    "ExportTableToPointInTime": tuple(f"ExportDescription.{name}" for name in _EXPORT),
    "GetCallerIdentity": ("Account", "Arn"),
    "GetObject": ("ETag", "ContentLength"),
    "GetPublicAccessBlock": ("PublicAccessBlockConfiguration",),
    "GetResourcePolicy": ("Policy",),
    "HeadObject": ("ETag", "ContentLength"),
    "ImportTable": tuple(f"ImportTableDescription.{name}" for name in _IMPORT),
    "ListBackups": tuple(f"BackupSummaries.[].{name}" for name in _SNAPSHOT),
    "ListExports": ("ExportSummaries.[].ExportArn", "ExportSummaries.[].ExportStatus"),
    "ListImports": ("ImportSummaryList.[].ImportArn", "ImportSummaryList.[].ImportStatus"),
    "ListMultipartUploads": tuple(f"Uploads?.[].{name}" for name in ("Key", "UploadId")),
    "ListObjectsV2": tuple(f"Contents?.[].{name}" for name in ("Key", "Size", "ETag")),
    "ListTables": ("TableNames",),
    "ListTagsOfResource": ("Tags",),
    "PutObject": ("ETag",),
    "RestoreTableFromBackup": ("TableDescription.TableArn",),
    "RestoreTableToPointInTime": ("TableDescription.TableArn",),
    "GetResources": ("ResourceTagMappingList.[].ResourceARN",),
    "Scan": ("Count",),
    "UploadPart": ("ETag",),
}
_XML_ROOTS: Final[Mapping[str, str]] = {
    "DeleteObjects": "DeleteResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "GetBucketEncryption": "ServerSideEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetCallerIdentity": "GetCallerIdentityResponse",
    "GetObjectLockConfiguration": "ObjectLockConfiguration",
    "GetPublicAccessBlock": "PublicAccessBlockConfiguration",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectsV2": "ListBucketResult",
}
_XML_ROOT: Final = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>)?\s*<(?:\w{1,40}:)?(\w{1,80})[\s/>]")


class UnusableResponse(BotoCoreError):
    """A response that says success and cannot be believed."""

    fmt = "the response of {operation} {reason}"


def refuse_unusable_responses(client: Any) -> None:
    """Makes the client raise ``UnusableResponse``. Has no effect the second time."""
    events = client.meta.events
    events.register("before-parse", _check_body, unique_id="ddbbackup-response-body")
    events.register("after-call", _check_members, unique_id="ddbbackup-response-members")


def _check_body(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    if response_dict["status_code"] >= 300 or operation_model.has_streaming_output:
        return
    if operation_model.service_model.resolved_protocol == "json" and (
        operation_model.output_shape or response_dict["body"]  # without members there may be no body
    ):
        try:
            JSON_OBJECT.decode(response_dict["body"])
        except InvalidDocument:
            raise UnusableResponse(operation=operation_model.name, reason="is not a JSON object") from None
    root = _XML_ROOTS.get(operation_model.name)
    if root is not None:
        found = _XML_ROOT.match(response_dict["body"])
        # Emulators name some roots after the operation.
        if found is None or found[1] not in (root.encode(), f"{operation_model.name}Response".encode()):
            raise UnusableResponse(operation=operation_model.name, reason=f"is not a {root}")


def _check_members(http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    if http_response.status_code >= 300:
        return
    for path in _MEMBERS.get(model.name, ()):
        if not _holds(parsed, path.split(".")):
            raise UnusableResponse(operation=model.name, reason=f"lacks {path.replace('?', '')}")
    if model.name == "ListObjectsV2" and (reason := _contradiction(parsed)) is not None:
        raise UnusableResponse(operation=model.name, reason=reason)


def _contradiction(listing: Mapping[str, Any]) -> str | None:
    """What a listing says against itself: S3 sends no checksum with it (S3 API: ListObjectsV2)."""
    keys = [each["Key"] for each in listing.get("Contents") or ()]
    folders = [each["Prefix"] for each in listing.get("CommonPrefixes") or ()]
    prefix, count = listing.get("Prefix") or "", listing.get("KeyCount")
    if not all(name.startswith(prefix) for name in (*keys, *folders)):
        return "names an object that was not asked for"
    if count is not None and count != len(keys) + len(folders):
        return "says another number of objects than it lists"
    return None


def _holds(value: Any, path: list[str]) -> bool:
    if not path:
        return value is not None
    name, *rest = path
    if name == "[]":
        return isinstance(value, list) and all(_holds(each, rest) for each in value)
    if not isinstance(value, Mapping):
        return False
    member = value.get(name.removesuffix("?"))
    return (member is None and name.endswith("?")) or _holds(member, rest)
