"""S3 objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.encryption import Encryption

ArchiveTier = Literal["GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]
RetrievalTier = Literal["standard", "bulk"]
DELETE_AT_MOST: Final = 1000
"""Objects in one request to delete many (S3 API: DeleteObjects)."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where an object is that cannot be read: its storage class, or its tier in INTELLIGENT_TIERING.

    ``retrieving``: S3 is making it readable.
    """

    tier: ArchiveTier
    retrieving: bool = False


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """The metadata of one object. ``etag`` includes its quotes, as S3 sends it.

    ``archive`` is None if the object can be read. ``tiered``: its storage class is INTELLIGENT_TIERING, and a listing
    does not show whether it is archived; ``Objects.head`` does.
    """

    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None
    archive: Archive | None = None
    tiered: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that is neither completed nor aborted. Its parts are stored, and billed, until then."""

    key: str
    id: str


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """A part that S3 has stored. ``etag`` includes its quotes; ``crc32`` is in base64, as S3 writes it."""

    etag: str
    crc32: str


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
        encryption: Encryption,
        owner: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
    ) -> str:
        """Always sends the headers of ``encryption``: a bucket policy may refuse objects without them.

        Returns the new ETag. Raises ``ObjectMissing`` for a missing bucket, ``Conflict`` if a condition fails."""

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        """All objects below a prefix, sorted by key. Raises ``ObjectMissing`` for a missing bucket.

        ``start_after``: only keys that sort after it. Not ``recursive``: only objects in this folder itself.
        """

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        """The prefixes one level below ``prefix``, in full; each ends in ``/``."""

    def retrieve(
        self, bucket: str, facts: ObjectFacts, *, tier: RetrievalTier, days: int, owner: str | None = None
    ) -> None:
        """Asks S3 to make an archived object readable for so many days. Has no effect if it was asked before."""

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        """Has no effect on a missing object."""

    def delete_many(
        self, bucket: str, keys: Sequence[str], *, owner: str | None = None
    ) -> Mapping[str, DdbBackupError]:
        """Deletes up to ``DELETE_AT_MOST`` objects in one request. Has no effect on missing ones.

        Returns the error of each object that was not deleted, by key. In a versioned bucket, S3 keeps the versions
        and adds delete markers.
        """

    def begin_upload(
        self,
        bucket: str,
        key: str,
        *,
        content_type: str,
        encryption: Encryption,
        owner: str | None = None,
    ) -> Upload:
        """Begins a multipart upload. The object does not exist before ``complete_upload``."""

    def put_part(
        self, bucket: str, upload: Upload, number: int, body: bytes, *, md5: bytes, owner: str | None = None
    ) -> UploadedPart:
        """Part ``number`` of an upload, from 1. All but the last one have at least 5 MiB (S3 guide).

        ``md5`` is the digest of ``body``. Raises ``ObjectMissing`` if the upload was completed or aborted.
        """

    def complete_upload(
        self, bucket: str, upload: Upload, parts: Sequence[UploadedPart], *, owner: str | None = None
    ) -> str:
        """Makes an object of the parts. Returns its ETag. Raises ``ObjectMissing`` as ``put_part`` does."""

    def abort_upload(self, bucket: str, upload: Upload, *, owner: str | None = None) -> None:
        """Discards the parts. Has no effect on an upload that was completed or aborted."""

    def uploads(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[Upload]:
        """All unfinished uploads of objects below a prefix."""
