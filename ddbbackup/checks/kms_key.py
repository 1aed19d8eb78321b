"""The KMS key of a destination: in the Region of the bucket, enabled, and of a kind that S3 supports."""

from __future__ import annotations

from ddbbackup.checks.check import ok, refused
from ddbbackup.model.arn import Arn
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud


def check_key(cloud: Cloud, destination: Destination, region: str | None) -> Check:
    """``region`` is that of the bucket, if it is known.

    AWS accepts an export with a key in another region, and fails it minutes later with KmsNotFoundException (observed
    on AWS).
    """
    subject, key = f"destination {destination.name}", destination.encryption.kms_key_id or ""
    bucket_region = region or cloud.identity.region
    arn = Arn.parse_if_arn(key)
    key_region = arn.region if arn is not None else bucket_region
    if region is not None and key_region != region:
        return refused(
            subject,
            "kms key",
            f"the KMS key {key} is in {key_region}, but the bucket {destination.bucket} is in {region}",
            "use a key in the Region of the bucket",
        )
    found = cloud.kms_keys(key_region).describe(key)
    if found is None:
        return refused(
            subject,
            "kms key",
            f"the KMS key {key} does not exist in {key_region}, the region of the bucket {destination.bucket}",
            "use a key that exists in the Region of the bucket",
        )
    if found.state != "Enabled":
        return refused(
            subject, "kms key", f"the KMS key {key} is {found.state}", "enable the key, or use another one"
        )
    if found.spec != "SYMMETRIC_DEFAULT" or found.usage != "ENCRYPT_DECRYPT":
        return refused(
            subject,
            "kms key",
            f"the KMS key {key} has key spec {found.spec} and key usage {found.usage}, which S3 does not support",
            "use a symmetric encryption key",
        )
    return ok(subject, "kms key", f"{found.arn} is enabled")
