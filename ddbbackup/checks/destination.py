"""The bucket and the KMS key of a destination: whether they exist, where they are, and what protects the backups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from ddbbackup.checks.check import ok, problem, refused, run_check, warning
from ddbbackup.checks.kms_key import check_key
from ddbbackup.checks.lifecycle import check_lifecycle
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud


@dataclass(frozen=True, slots=True)
class _Access:
    """One destination, as one account sees it."""

    cloud: Cloud
    destination: Destination

    @property
    def subject(self) -> str:
        return f"destination {self.destination.name}"

    @property
    def bucket(self) -> str:
        return self.destination.bucket

    @property
    def owner(self) -> str | None:
        return self.destination.bucket_owner

    def missing(self, requirement: str, message: str, hint: str) -> Check:
        """A problem if the plan requires it, else a warning."""
        if requirement not in self.destination.require:
            return warning(self.subject, requirement, message, hint)
        return refused(
            self.subject, requirement, f"{message}, and the plan has `require: [{requirement}]`", hint
        )


def check_destination(cloud: Cloud, destination: Destination) -> tuple[Check, ...]:
    """All checks of one destination. Only reads. Blocks.

    What the plan requires and AWS does not show is a problem, because it is not proven.
    """
    return tuple(_checks(_Access(cloud, destination)))


def _checks(access: _Access) -> Iterator[Check]:
    subject = access.subject
    try:
        region = access.cloud.buckets.region(access.bucket, owner=access.owner)
    except DdbBackupError as error:
        yield problem(subject, "bucket", _with_cause(access, error))
        return
    yield ok(subject, "bucket", f"{access.bucket} exists")
    yield run_check(subject, "owner", lambda: _owner(access))
    yield _region(access, region)
    for name, check in _REQUIRABLE.items():
        yield run_check(subject, name, partial(check, access), essential=name in access.destination.require)
    yield run_check(subject, "encryption", lambda: _encryption(access))
    yield run_check(subject, "lifecycle", lambda: check_lifecycle(access.cloud, access.destination))
    if access.destination.encryption.kms_key_id is not None:
        yield run_check(subject, "kms key", lambda: check_key(access.cloud, access.destination, region))


def _with_cause(access: _Access, error: DdbBackupError) -> DdbBackupError:
    """S3 returns the same 403 for another owner and for a missing permission."""
    if not isinstance(error, AccessDenied) or access.owner is None:
        return error
    return AccessDenied(
        f"the bucket {access.bucket} does not belong to account {access.owner}, or its bucket policy does not allow "
        "s3:ListBucket",
        hint="correct `bucket_owner`, or add the bucket policy that `ddbbackup doctor --iam` prints",
    )


def _owner(access: _Access) -> Check:
    """An export to a bucket of another account fails with AccessDenied without its owner (DynamoDB guide: Export)."""
    account = access.cloud.identity.account
    if access.owner is not None:
        owner = "this account" if access.owner == account else f"account {access.owner}, as in the plan"
        return ok(access.subject, "owner", f"owned by {owner}")
    try:
        access.cloud.buckets.region(access.bucket, owner=account)
    except AccessDenied:
        error = Refused(
            f"the bucket {access.bucket} does not belong to this account ({account}), and DynamoDB needs the account "
            "ID of its owner",
            hint="set `bucket_owner` of the destination to the account that owns the bucket",
        )
        return problem(access.subject, "owner", error)
    return ok(access.subject, "owner", f"owned by this account ({account})")


def _region(access: _Access, region: str | None) -> Check:
    tables = access.cloud.identity.region
    if region is None:
        return Check(access.subject, "region", "unknown", f"S3 does not return the Region of {access.bucket}")
    crossing = "" if region == tables else f"; exports cross Regions, because the tables are in {tables}"
    return ok(access.subject, "region", f"in {region}{crossing}")


def _versioning(access: _Access) -> Check:
    if access.cloud.buckets.versioned(access.bucket, owner=access.owner):
        return ok(access.subject, "versioning", "enabled")
    return access.missing(
        "versioning", f"versioning is disabled for {access.bucket}", "enable versioning of the bucket"
    )


def _object_lock(access: _Access) -> Check:
    """Exports do not set a retention themselves, so only the default retention of the bucket protects them."""
    lock = access.cloud.buckets.object_lock(access.bucket, owner=access.owner)
    if lock is not None and lock.retention_days is not None:
        return ok(access.subject, "object_lock", f"{lock.mode}, {lock.retention_days} days by default")
    if "object_lock" not in access.destination.require:
        return ok(
            access.subject, "object_lock", "disabled" if lock is None else "enabled without default retention"
        )
    if lock is None:
        return access.missing(
            "object_lock", f"Object Lock is disabled for {access.bucket}", "enable Object Lock of the bucket"
        )
    return access.missing(
        "object_lock",
        f"Object Lock of {access.bucket} has no default retention, so it does not protect exports",
        "set a default retention for the bucket",
    )


def _public_access(access: _Access) -> Check:
    disabled = access.cloud.buckets.disabled_public_access_blocks(access.bucket, owner=access.owner)
    if not disabled:
        return ok(access.subject, "public_access_block", "all public access is blocked")
    return access.missing(
        "public_access_block",
        f"the public access block of {access.bucket} does not set {', '.join(disabled)}",
        "block all public access to the bucket",
    )


def _encryption(access: _Access) -> Check:
    default = access.cloud.buckets.encryption(access.bucket, owner=access.owner)
    requested = access.destination.encryption.algorithm
    if default is None:
        return ok(access.subject, "encryption", f"no default encryption; exports use {requested}")
    if default.algorithm.startswith("aws:kms") and requested == "AES256":
        key = default.key or "the AWS managed KMS key of S3"
        return warning(
            access.subject,
            "encryption",
            f"{access.bucket} encrypts with {key} by default, but exports use AES256",
            "set `encryption: {algorithm: KMS, kms_key_id: …}` of the destination to use a KMS key",
        )
    return ok(access.subject, "encryption", f"{default.algorithm} by default; exports use {requested}")


_REQUIRABLE: Final[dict[str, Callable[[_Access], Check]]] = {
    "versioning": _versioning,
    "object_lock": _object_lock,
    "public_access_block": _public_access,
}
