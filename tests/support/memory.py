"""Objects in memory with the conditional puts of S3, for tests of races."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ddbbackup.errors import Conflict, DataIncomplete, ObjectMissing
from ddbbackup.ports import ObjectFacts


class MemoryObjects:
    """Implements ``ports.Objects`` (``tests/contract/test_objects.py``) for one bucket, whatever its name.

    ``before_put`` is called once, before the next put, so that another process can be first. ``reads`` are the keys
    that were read.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
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
        yield MemoryStream(self._body(key))

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
        before_put, self.before_put = self.before_put, lambda: None
        before_put()
        existing = self.head(bucket, key)
        changed = if_match is not None and (existing is None or existing.etag != if_match)
        if ((if_none_match and existing) or changed) and self.bodies.get(key) != body:
            raise Conflict(f"{key} has changed", hint="-")
        self.bodies[key] = body
        return self._facts(key, body).etag

    def keys(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[ObjectFacts]:
        yield from (
            self._facts(key, body) for key, body in sorted(self.bodies.items()) if key.startswith(prefix)
        )

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        below = {key[len(prefix) :] for key in self.bodies if key.startswith(prefix)}
        yield from sorted({prefix + rest.partition("/")[0] + "/" for rest in below if "/" in rest})

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        self.bodies.pop(key, None)

    def _body(self, key: str) -> bytes:
        if key not in self.bodies:
            raise ObjectMissing(f"{key} does not exist", hint="-")
        return self.bodies[key]

    @staticmethod
    def _facts(key: str, body: bytes) -> ObjectFacts:
        return ObjectFacts(key, len(body), f'"{hashlib.sha256(body).hexdigest()}"')


@dataclass(frozen=True)
class MemoryStream:
    """The body of one object in one chunk."""

    body: bytes
    version_id: str | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.body)

    def __iter__(self) -> Iterator[bytes]:
        yield self.body
