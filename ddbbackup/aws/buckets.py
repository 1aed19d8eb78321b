"""S3 buckets: where they are, and the settings that protect or threaten the objects in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from ddbbackup.aws.error_codes import CODES
from ddbbackup.aws.error_map import code_of, translate_errors
from ddbbackup.aws.objects import expected_owner
from ddbbackup.errors import ObjectMissing
from ddbbackup.ports import BucketEncryption, LifecycleRule, ObjectLock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        LifecycleExpirationOutputTypeDef,
        LifecycleRuleOutputTypeDef,
        TransitionOutputTypeDef,
    )

_PUBLIC_ACCESS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ARCHIVES: Final = ("GLACIER", "DEEP_ARCHIVE")  # GLACIER_IR and all others can be read at once (S3 guide)


class S3Buckets:
    """Implements ``ports.Buckets``."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def region(self, bucket: str, *, owner: str | None = None) -> str | None:
        """A HEAD response has no body: the code of a missing bucket is 404, and there is no message."""
        with translate_errors(f"read bucket {bucket}"):
            try:
                response = self._client.head_bucket(Bucket=bucket, **expected_owner(owner))
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchBucket"):
                    raise ObjectMissing(
                        f"bucket {bucket} does not exist", hint=CODES["NoSuchBucket"].hint
                    ) from error
                raise
        headers: Mapping[str, str] = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return response.get("BucketRegion") or headers.get("x-amz-bucket-region")

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool:
        with translate_errors(f"read the versioning of bucket {bucket}"):
            response = self._client.get_bucket_versioning(Bucket=bucket, **expected_owner(owner))
        return response.get("Status") == "Enabled"

    def object_lock(self, bucket: str, *, owner: str | None = None) -> ObjectLock | None:
        with translate_errors(f"read the Object Lock of bucket {bucket}"):
            try:
                response = self._client.get_object_lock_configuration(Bucket=bucket, **expected_owner(owner))
            except ClientError as error:
                if code_of(error) == "ObjectLockConfigurationNotFoundError":
                    return None
                raise
        configuration = response.get("ObjectLockConfiguration", {})
        if configuration.get("ObjectLockEnabled") != "Enabled":
            return None
        default = configuration.get("Rule", {}).get("DefaultRetention", {})
        days = default.get("Days") or (default["Years"] * 365 if default.get("Years") else None)
        return ObjectLock(default.get("Mode"), days)

    def disabled_public_access_blocks(self, bucket: str, *, owner: str | None = None) -> tuple[str, ...]:
        with translate_errors(f"read the public access block of bucket {bucket}"):
            try:
                response = self._client.get_public_access_block(Bucket=bucket, **expected_owner(owner))
            except ClientError as error:
                if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
                    return _PUBLIC_ACCESS
                raise
        block = response["PublicAccessBlockConfiguration"]
        return tuple(name for name in _PUBLIC_ACCESS if not block.get(name))

    def encryption(self, bucket: str, *, owner: str | None = None) -> BucketEncryption | None:
        with translate_errors(f"read the default encryption of bucket {bucket}"):
            try:
                response = self._client.get_bucket_encryption(Bucket=bucket, **expected_owner(owner))
            except ClientError as error:
                if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError":
                    return None
                raise
        for rule in response["ServerSideEncryptionConfiguration"].get("Rules", ()):
            default = rule.get("ApplyServerSideEncryptionByDefault")
            if default:
                return BucketEncryption(default["SSEAlgorithm"], default.get("KMSMasterKeyID"))
        return None

    def lifecycle(self, bucket: str, *, owner: str | None = None) -> tuple[LifecycleRule, ...]:
        with translate_errors(f"read the lifecycle rules of bucket {bucket}"):
            try:
                response = self._client.get_bucket_lifecycle_configuration(
                    Bucket=bucket, **expected_owner(owner)
                )
            except ClientError as error:
                if code_of(error) == "NoSuchLifecycleConfiguration":
                    return ()
                raise
        rules = (_rule(each) for each in response.get("Rules", ()) if each.get("Status") == "Enabled")
        return tuple(rule for rule in rules if rule.expires or rule.archives)


def _rule(rule: LifecycleRuleOutputTypeDef) -> LifecycleRule:
    """The filter is a prefix, a tag, or both below ``And``; rules of the first API have ``Prefix`` beside it."""
    simple = rule.get("Filter") or {}
    combined = simple.get("And") or {}
    archiving = [each for each in rule.get("Transitions", ()) if each.get("StorageClass") in _ARCHIVES]
    return LifecycleRule(
        name=rule.get("ID") or "unnamed",
        prefix=combined.get("Prefix") or simple.get("Prefix") or rule.get("Prefix") or "",
        expires=_when(rule.get("Expiration") or {}),
        archives=next((when for each in archiving if (when := _when(each))), None),
        tagged=bool(simple.get("Tag") or combined.get("Tags")),
    )


def _when(action: LifecycleExpirationOutputTypeDef | TransitionOutputTypeDef) -> str | None:
    """None for an expiration that only removes delete markers."""
    if action.get("Days") is not None:
        return f"after {action['Days']} days"
    return f"on {action['Date']:%Y-%m-%d}" if action.get("Date") else None
