"""The KMS key of a destination: in the bucket's region, enabled, of the kind that S3 can use."""

from __future__ import annotations

from ddbbackup.checks.check import ok, refused
from ddbbackup.model.arn import Arn
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud


def check_key(cloud: Cloud, destination: Destination, region: str | None) -> Check:
    """``region`` is the bucket's, if it is known.

    An export whose key is elsewhere is accepted and fails minutes later with KmsNotFoundException (observed on AWS).
    """
    subject, key = f"destination {destination.name}", destination.encryption.kms_key_id or ""
    where = region or cloud.identity.region
    arn = Arn.parse_if_arn(key)
    named = arn.region if arn else where
    if region is not None and named != region:
        return refused(
            subject,
            "kms key",
            f"the KMS key {key} is in {named}, but the bucket {destination.bucket} is in {region}",
            "name a key in the bucket's region",
        )
    found = cloud.kms_keys(named).describe(key)
    if found is None:
        return refused(
            subject,
            "kms key",
            f"there is no KMS key {key} in {named}, where the bucket {destination.bucket} is",
            "name a key that exists in the bucket's region",
        )
    if found.state != "Enabled":
        return refused(
            subject, "kms key", f"the KMS key {key} is {found.state}", "enable the key, or name another one"
        )
    if found.spec != "SYMMETRIC_DEFAULT" or found.usage != "ENCRYPT_DECRYPT":
        return refused(
            subject,
            "kms key",
            f"the KMS key {key} is a {found.spec} key for {found.usage}, which S3 cannot encrypt with",
            "name a symmetric encryption key",
        )
    return ok(subject, "kms key", f"{found.arn} is enabled")
