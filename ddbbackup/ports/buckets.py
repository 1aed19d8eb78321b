"""S3 buckets: where they are, and the settings that protect or threaten the objects in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """Object Lock is enabled. Without a default retention, only objects that their writer locks are locked."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class BucketEncryption:
    """The default encryption. ``key`` is set for ``aws:kms`` with a customer managed key."""

    algorithm: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One enabled rule that expires or archives current objects.

    ``expires`` and ``archives`` say when, for people (``after 90 days``). ``archives`` counts only storage classes
    whose objects must be restored before they can be read. ``tagged``: the rule applies only to objects with certain
    tags; the objects of an export have none.
    """

    name: str
    prefix: str
    expires: str | None = None
    archives: str | None = None
    tagged: bool = False


class Buckets(Protocol):
    """``owner`` is the account that must own the bucket. Methods raise ``ObjectMissing`` for a missing bucket."""

    def region(self, bucket: str, *, owner: str | None = None) -> str | None:
        """None if the server does not return it. Raises ``AccessDenied`` if ``owner`` does not own the bucket."""

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool:
        """Whether versioning is enabled; a suspended one is not."""

    def object_lock(self, bucket: str, *, owner: str | None = None) -> ObjectLock | None:
        """None if Object Lock is not enabled."""

    def disabled_public_access_blocks(self, bucket: str, *, owner: str | None = None) -> tuple[str, ...]:
        """The settings of the public access block that are off; empty if all four are on."""

    def encryption(self, bucket: str, *, owner: str | None = None) -> BucketEncryption | None:
        """None if the server returns no default encryption."""

    def lifecycle(self, bucket: str, *, owner: str | None = None) -> tuple[LifecycleRule, ...]:
        """The enabled rules that expire or archive current objects."""
