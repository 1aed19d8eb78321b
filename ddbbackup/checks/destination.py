"""A destination's bucket and key: there, ours, in the right region, and protecting what the plan requires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ddbbackup.checks.check import attempt, ok, problem, refused, warning
from ddbbackup.checks.kms_key import check_key
from ddbbackup.checks.lifecycle import check_lifecycle
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud

_SAYS: Final = {
    "versioning": "versioning",
    "object_lock": "Object Lock",
    "public_access_block": "the public access block",
}


@dataclass(frozen=True, slots=True)
class _Look:
    """One destination as seen by one account."""

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

    def missing(self, requirement: str, what: str, hint: str) -> Check:
        """A problem if the plan requires it, else a warning."""
        if requirement not in self.destination.require:
            return warning(self.subject, requirement, f"{what} {self.bucket}", hint)
        return refused(
            self.subject,
            requirement,
            f"{what} {self.bucket}, and the plan requires {_SAYS[requirement]}",
            hint,
        )


def check_destination(cloud: Cloud, destination: Destination) -> tuple[Check, ...]:
    """Everything that can be told of a destination; reads only, and blocks."""
    return tuple(_all(_Look(cloud, destination)))


def requirements(cloud: Cloud, destination: Destination) -> tuple[Check, ...]:
    """Only what the plan's ``require`` names. What cannot be found out is a problem: it is not proven."""
    look = _Look(cloud, destination)
    return tuple(
        attempt(look.subject, name, lambda name=name: _REQUIRABLE[name](look), essential=True)  # type: ignore[misc]
        for name in destination.require
    )


def _all(look: _Look) -> Iterator[Check]:
    subject = look.subject
    try:
        region = look.cloud.buckets.region(look.bucket, owner=look.owner)
    except DdbBackupError as error:
        yield problem(subject, "bucket", _explained(look, error))
        return
    yield ok(subject, "bucket", f"{look.bucket} is there")
    yield attempt(subject, "owner", lambda: _owner(look))
    yield _region(look, region)
    for name, check in _REQUIRABLE.items():
        required = name in look.destination.require
        yield attempt(subject, name, lambda check=check: check(look), essential=required)  # type: ignore[misc]
    yield attempt(subject, "encryption", lambda: _encryption(look))
    yield attempt(subject, "lifecycle", lambda: check_lifecycle(look.cloud, look.destination))
    if look.destination.encryption.kms_key_id is not None:
        yield attempt(subject, "kms key", lambda: check_key(look.cloud, look.destination, region))


def _explained(look: _Look, error: DdbBackupError) -> DdbBackupError:
    """S3 answers 403 without a word, whether the owner is another or listing is not allowed."""
    if not isinstance(error, AccessDenied) or look.owner is None:
        return error
    return AccessDenied(
        f"the bucket {look.bucket} is not owned by {look.owner}, or its policy does not allow s3:ListBucket",
        hint="correct `bucket_owner`, or let its owner allow it (`ddbbackup doctor --iam` prints the policy)",
    )


def _owner(look: _Look) -> Check:
    """A bucket of another account that the plan does not name makes the usual AccessDenied (DynamoDB guide)."""
    account = look.cloud.identity.account
    if look.owner is not None:
        whose = "this account" if look.owner == account else f"account {look.owner}, as the plan says"
        return ok(look.subject, "owner", f"owned by {whose}")
    try:
        look.cloud.buckets.region(look.bucket, owner=account)
    except AccessDenied:
        error = Refused(
            f"the bucket {look.bucket} is not owned by this account ({account}), and DynamoDB has to be told by whom",
            hint="set `bucket_owner` of the destination to the account that owns the bucket",
        )
        return problem(look.subject, "owner", error)
    return ok(look.subject, "owner", f"owned by this account ({account})")


def _region(look: _Look, region: str | None) -> Check:
    home = look.cloud.identity.region
    if region is None:
        return Check(look.subject, "region", "unknown", f"{look.bucket} does not say which region it is in")
    other = "" if region == home else f"; the tables are in {home}, and an export may cross regions"
    return ok(look.subject, "region", f"in {region}{other}")


def _versioning(look: _Look) -> Check:
    if look.cloud.buckets.versioned(look.bucket, owner=look.owner):
        return ok(look.subject, "versioning", "on: what is overwritten or deleted can be had back")
    return look.missing("versioning", "versioning is off for", "turn the bucket's versioning on")


def _object_lock(look: _Look) -> Check:
    """Without a default retention nothing that an export writes is locked."""
    lock = look.cloud.buckets.object_lock(look.bucket, owner=look.owner)
    if lock is not None and lock.retention_days is not None:
        return ok(look.subject, "object_lock", f"{lock.mode}, {lock.retention_days} days by default")
    if "object_lock" not in look.destination.require:
        return ok(look.subject, "object_lock", "off" if lock is None else "on, with no default retention")
    if lock is None:
        return look.missing("object_lock", "Object Lock is off for", "turn on the bucket's Object Lock")
    return look.missing(
        "object_lock",
        "Object Lock has no default retention, so it locks nothing that an export writes to",
        "set a default retention for the bucket",
    )


def _public_access(look: _Look) -> Check:
    open_ones = look.cloud.buckets.disabled_public_access_blocks(look.bucket, owner=look.owner)
    if not open_ones:
        return ok(look.subject, "public_access_block", "all public access is blocked")
    what = f"{', '.join(open_ones)} {'is' if len(open_ones) == 1 else 'are'} not set for"
    return look.missing("public_access_block", what, "block all public access to the bucket")


def _encryption(look: _Look) -> Check:
    found = look.cloud.buckets.encryption(look.bucket, owner=look.owner)
    wished = look.destination.encryption
    if found is None:
        return ok(look.subject, "encryption", "the bucket has no default of its own")
    if found.algorithm.startswith("aws:kms") and wished.algorithm == "AES256":
        return warning(
            look.subject,
            "encryption",
            f"{look.bucket} encrypts with {found.key or 'the KMS key of S3'} by default, but exports ask for AES256",
            "say `encryption: {algorithm: KMS, kms_key_id: …}` in the destination if that is not meant",
        )
    return ok(look.subject, "encryption", f"{found.algorithm} by default; exports ask for {wished.algorithm}")


_REQUIRABLE: Final[dict[str, Callable[[_Look], Check]]] = {
    "versioning": _versioning,
    "object_lock": _object_lock,
    "public_access_block": _public_access,
}
