"""Objects in memory with the conditional puts of S3, for tests of races."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ddbbackup.errors import Conflict, DataIncomplete, DdbBackupError, ObjectMissing
from ddbbackup.model.checksums import md5_digest, multipart_etag
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import Archive, ObjectFacts, RetrievalTier, Upload, UploadedPart


class MemoryStream:
    """Implements ``ports.ObjectStream``. ``size_bytes`` is what it announces: by default, the length of its body."""

    def __init__(self, body: bytes, *, size_bytes: int | None = None, chunk_bytes: int = 64 << 10) -> None:
        self.size_bytes = len(body) if size_bytes is None else size_bytes
        self.version_id: str | None = None
        self._body, self._chunk_bytes = body, chunk_bytes

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), self._chunk_bytes):
            yield self._body[start : start + self._chunk_bytes]


class MemoryObjects:
    """Implements ``ports.Objects`` (``tests/contract/test_objects.py``) for one bucket, whatever its name.

    ``before_put`` is called once, before the next put, so that another process can be first. ``reads`` are the keys
    that were read. ``archives`` is what listings say about archived objects, ``encryptions`` what each put asked for.
    ``answers`` holds, by key, what the next streams of an object send in place of it; ``streamed`` counts streams.
    ``parts`` are those of the unfinished uploads, by the ID of the upload.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.encryptions: dict[str, Encryption] = {}
        self.archives: dict[str, Archive] = {}
        self.answers: dict[str, list[MemoryStream]] = {}
        self.streamed: Counter[str] = Counter()
        self.reads: list[str] = []
        self.parts: dict[Upload, dict[int, bytes]] = {}
        self._etags: dict[str, str] = {}
        self._begun = 0
        self.before_put: Callable[[], None] = lambda: None

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        body = self.bodies.get(key)
        return None if body is None else self._facts(key, body)

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        body = self._body(key)
        if len(body) > limit_bytes:
            raise DataIncomplete(f"{key} is larger than {limit_bytes} bytes", hint="-")
        self.reads.append(key)
        return body, self._facts(key, body)

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Iterator[MemoryStream]:
        self.streamed[key] += 1
        if self.answers.get(key):
            yield self.answers[key].pop(0)
        else:
            yield MemoryStream(self._body(key))

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
        before_put, self.before_put = self.before_put, lambda: None
        before_put()
        existing = self.head(bucket, key)
        changed = if_match is not None and (existing is None or existing.etag != if_match)
        if ((if_none_match and existing) or changed) and self.bodies.get(key) != body:
            raise Conflict(f"{key} has changed", hint="-")
        self.bodies[key], self.encryptions[key] = body, encryption
        self._etags.pop(key, None)
        return self._facts(key, body).etag

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        for key, body in sorted(self.bodies.items()):
            below = recursive or "/" not in key[len(prefix) :]
            if key.startswith(prefix) and below and (start_after is None or key > start_after):
                yield replace(self._facts(key, body), archive=self.archives.get(key))

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        below = {key[len(prefix) :] for key in self.bodies if key.startswith(prefix)}
        yield from sorted({prefix + rest.partition("/")[0] + "/" for rest in below if "/" in rest})

    def retrieve(
        self, bucket: str, facts: ObjectFacts, *, tier: RetrievalTier, days: int, owner: str | None = None
    ) -> None:
        """Nothing in memory is archived."""

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        self.bodies.pop(key, None)

    def delete_many(
        self, bucket: str, keys: Sequence[str], *, owner: str | None = None
    ) -> Mapping[str, DdbBackupError]:
        for key in keys:
            self.bodies.pop(key, None)
        return {}

    def begin_upload(
        self, bucket: str, key: str, *, content_type: str, encryption: Encryption, owner: str | None = None
    ) -> Upload:
        self._begun += 1
        upload = Upload(key, f"upload-{self._begun}")
        self.parts[upload], self.encryptions[key] = {}, encryption
        return upload

    def put_part(
        self, bucket: str, upload: Upload, number: int, body: bytes, *, md5: bytes, owner: str | None = None
    ) -> UploadedPart:
        assert md5 == md5_digest(body)
        self._parts(upload)[number] = body
        checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        return UploadedPart(f'"{md5_digest(body).hex()}"', checksum)

    def complete_upload(
        self, bucket: str, upload: Upload, parts: Sequence[UploadedPart], *, owner: str | None = None
    ) -> str:
        bodies = [body for _, body in sorted(self._parts(upload).items())]
        digests = [md5_digest(body) for body in bodies]
        assert [part.etag for part in parts] == [f'"{digest.hex()}"' for digest in digests]
        assert all(len(body) >= 5 << 20 for body in bodies[:-1]), "S3 refuses small parts"
        self.bodies[upload.key] = b"".join(bodies)
        self._etags[upload.key] = f'"{multipart_etag(digests)}"'
        del self.parts[upload]
        return self._etags[upload.key]

    def abort_upload(self, bucket: str, upload: Upload, *, owner: str | None = None) -> None:
        self.parts.pop(upload, None)

    def uploads(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[Upload]:
        yield from [upload for upload in self.parts if upload.key.startswith(prefix)]

    def _parts(self, upload: Upload) -> dict[int, bytes]:
        if upload not in self.parts:
            raise ObjectMissing(f"there is no upload of {upload.key}", hint="-")
        return self.parts[upload]

    def _body(self, key: str) -> bytes:
        if key not in self.bodies:
            raise ObjectMissing(f"{key} does not exist", hint="-")
        return self.bodies[key]

    def _facts(self, key: str, body: bytes) -> ObjectFacts:
        etag = self._etags.get(key) or f'"{md5_digest(body).hex()}"'
        return ObjectFacts(key, len(body), etag)
