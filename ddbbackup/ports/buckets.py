"""Facts about buckets: where they are, whose they are, what protects and what threatens the objects in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """Object Lock is on. ``retention_days`` None: no default, so only what a writer itself locks is locked."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class BucketEncryption:
    """How the bucket encrypts what says nothing itself; ``key`` only with ``aws:kms`` and a key of one's own."""

    algorithm: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One enabled rule that removes or archives current objects.

    ``expires`` and ``archives`` say when, in words (``after 90 days``); ``archives`` only for storage classes
    whose objects have to be restored before they can be read. ``tagged``: it is for objects with certain tags,
    and the objects of an export have none.
    """

    name: str
    prefix: str
    expires: str | None = None
    archives: str | None = None
    tagged: bool = False


class Buckets(Protocol):
    """``owner`` is the account that must own the bucket; each raises ``ObjectMissing`` if there is none."""

    def region(self, bucket: str, *, owner: str | None = None) -> str | None:
        """None if the server does not say. Raises ``AccessDenied`` if ``owner`` does not own it."""

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool: ...

    def object_lock(self, bucket: str, *, owner: str | None = None) -> ObjectLock | None: ...

    def public_access_open(self, bucket: str, *, owner: str | None = None) -> tuple[str, ...]:
        """Which of the four settings of the bucket's public access block are not on; empty: all are."""

    def encryption(self, bucket: str, *, owner: str | None = None) -> BucketEncryption | None: ...

    def lifecycle(self, bucket: str, *, owner: str | None = None) -> tuple[LifecycleRule, ...]: ...
