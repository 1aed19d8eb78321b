"""S3 about buckets: HeadBucket and the reads of what protects and threatens their objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, explained
from ddbbackup.errors import ObjectMissing
from ddbbackup.ports import BucketEncryption, LifecycleRule, ObjectLock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PUBLIC_ACCESS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ARCHIVES: Final = ("GLACIER", "DEEP_ARCHIVE")  # GLACIER_IR and the others are read like STANDARD


class S3Buckets:
    """Implements ``ports.Buckets``."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def region(self, bucket: str, *, owner: str | None = None) -> str | None:
        """HEAD answers have no body: a bucket that is not there has the code 404 and no words."""
        with explained(f"look at the bucket {bucket}"):
            try:
                answer = self._client.head_bucket(Bucket=bucket, **_owner(owner))
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchBucket"):
                    raise ObjectMissing(
                        f"there is no bucket {bucket}",
                        hint="create the bucket, or correct `bucket` of the destination",
                    ) from error
                raise
        headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return answer.get("BucketRegion") or headers.get("x-amz-bucket-region")

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool:
        with explained(f"read the versioning of {bucket}"):
            return (
                self._client.get_bucket_versioning(Bucket=bucket, **_owner(owner)).get("Status") == "Enabled"
            )

    def object_lock(self, bucket: str, *, owner: str | None = None) -> ObjectLock | None:
        with explained(f"read the Object Lock of {bucket}"):
            try:
                answer = self._client.get_object_lock_configuration(Bucket=bucket, **_owner(owner))
            except ClientError as error:
                if code_of(error) == "ObjectLockConfigurationNotFoundError":
                    return None
                raise
        said = answer.get("ObjectLockConfiguration", {})
        if said.get("ObjectLockEnabled") != "Enabled":
            return None
        default = said.get("Rule", {}).get("DefaultRetention", {})
        days = default.get("Days") or (default["Years"] * 365 if default.get("Years") else None)
        return ObjectLock(default.get("Mode"), days)

    def public_access_open(self, bucket: str, *, owner: str | None = None) -> tuple[str, ...]:
        with explained(f"read the public access block of {bucket}"):
            try:
                answer = self._client.get_public_access_block(Bucket=bucket, **_owner(owner))
            except ClientError as error:
                if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
                    return _PUBLIC_ACCESS
                raise
        said: Mapping[str, Any] = answer["PublicAccessBlockConfiguration"]
        return tuple(name for name in _PUBLIC_ACCESS if not said.get(name))

    def encryption(self, bucket: str, *, owner: str | None = None) -> BucketEncryption | None:
        with explained(f"read the default encryption of {bucket}"):
            try:
                answer = self._client.get_bucket_encryption(Bucket=bucket, **_owner(owner))
            except ClientError as error:
                if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError":
                    return None
                raise
        for rule in answer["ServerSideEncryptionConfiguration"].get("Rules", ()):
            said = rule.get("ApplyServerSideEncryptionByDefault")
            if said:
                return BucketEncryption(said["SSEAlgorithm"], said.get("KMSMasterKeyID"))
        return None

    def lifecycle(self, bucket: str, *, owner: str | None = None) -> tuple[LifecycleRule, ...]:
        with explained(f"read the lifecycle rules of {bucket}"):
            try:
                answer = self._client.get_bucket_lifecycle_configuration(Bucket=bucket, **_owner(owner))
            except ClientError as error:
                if code_of(error) == "NoSuchLifecycleConfiguration":
                    return ()
                raise
        rules = (_rule(each) for each in answer.get("Rules", ()) if each.get("Status") == "Enabled")
        return tuple(rule for rule in rules if rule.expires or rule.archives)


def _rule(said: Mapping[str, Any]) -> LifecycleRule:
    asked = said.get("Filter") or {}
    both = asked.get("And") or {}
    archiving = [each for each in said.get("Transitions", ()) if each.get("StorageClass") in _ARCHIVES]
    return LifecycleRule(
        name=said.get("ID") or "without a name",
        prefix=both.get("Prefix") or asked.get("Prefix") or said.get("Prefix") or "",
        expires=_when(said.get("Expiration") or {}),
        archives=next((when for each in archiving if (when := _when(each))), None),
        tagged=bool(asked.get("Tag") or both.get("Tags")),
    )


def _when(said: Mapping[str, Any]) -> str | None:
    """None for an expiration that only takes away delete markers."""
    if said.get("Days") is not None:
        return f"after {said['Days']} days"
    return f"on {said['Date']:%Y-%m-%d}" if said.get("Date") else None


def _owner(owner: str | None) -> dict[str, Any]:
    return {"ExpectedBucketOwner": owner} if owner is not None else {}
