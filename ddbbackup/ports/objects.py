"""S3 objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """The metadata of one object. ``etag`` includes its quotes, as S3 sends it."""

    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None


class ObjectStream(Protocol):
    """The body of one object in chunks. Iteration raises ``Unreachable`` if the body is interrupted for good."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def version_id(self) -> str | None: ...
    def __iter__(self) -> Iterator[bytes]: ...


class Objects(Protocol):
    """``owner`` is the account that must own the bucket (``ExpectedBucketOwner``)."""

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        """None if the object does not exist."""

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        """A complete small object. Raises ``ObjectMissing``, and ``DataIncomplete`` if it exceeds the limit."""

    def stream(
        self, bucket: str, key: str, *, owner: str | None = None
    ) -> AbstractContextManager[ObjectStream]:
        """Raises ``ObjectMissing``."""

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        owner: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
        kms_key_id: str | None = None,
    ) -> str:
        """Returns the new ETag. Raises ``ObjectMissing`` for a missing bucket, ``Conflict`` if a condition fails."""

    def keys(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[ObjectFacts]:
        """All objects below a prefix, sorted by key. Raises ``ObjectMissing`` for a missing bucket."""

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        """The prefixes one level below ``prefix``, in full; each ends in ``/``."""

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        """Has no effect on a missing object."""
