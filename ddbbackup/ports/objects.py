"""Objects in S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What S3 says of one object; ``etag`` is kept with its quotes, as S3 sends it."""

    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None


class ObjectStream(Protocol):
    """The body of one object, chunk by chunk. Iteration raises ``Unreachable`` if the body breaks off."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def version_id(self) -> str | None: ...
    def __iter__(self) -> Iterator[bytes]: ...


class Objects(Protocol):
    """S3. ``owner`` is the account that must own the bucket (``ExpectedBucketOwner``)."""

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None: ...

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        """A whole small object. Raises ``ObjectMissing``; ``DataNotWhole`` beyond ``limit_bytes``."""

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
        """Returns the new ETag. Raises ``ObjectMissing`` (no bucket); ``Conflict`` if the condition fails."""

    def keys(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[ObjectFacts]:
        """Raises ``ObjectMissing`` if there is no such bucket."""

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        """Full prefixes one level below ``prefix``, each ending in ``/``."""

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None: ...
