"""Objects in memory with the conditional puts of S3, for tests of races."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ddbbackup.errors import Conflict, DataIncomplete, DdbBackupError, ObjectMissing
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import Archive, ObjectFacts, RetrievalTier


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
    """

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.encryptions: dict[str, Encryption] = {}
        self.archives: dict[str, Archive] = {}
        self.answers: dict[str, list[MemoryStream]] = {}
        self.streamed: Counter[str] = Counter()
        self.reads: list[str] = []
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

    def _body(self, key: str) -> bytes:
        if key not in self.bodies:
            raise ObjectMissing(f"{key} does not exist", hint="-")
        return self.bodies[key]

    @staticmethod
    def _facts(key: str, body: bytes) -> ObjectFacts:
        return ObjectFacts(key, len(body), f'"{hashlib.sha256(body).hexdigest()}"')
