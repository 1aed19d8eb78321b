"""Lines that become one object in S3, if all of them could be read: a multipart upload, completed at the end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ddbbackup.bulk.model import Stopped
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.checksums import md5_digest
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Plan
from ddbbackup.ports import Objects, Upload, UploadedPart

# S3 accepts 10,000 parts of 5 MiB to 5 GiB (S3 guide: Amazon S3 multipart upload limits). Parts grow, so that the
# object may have the 5 TB that S3 allows, and little is held in memory until it is large: 8 MiB for the first 2 GB.
_FIRST_PART_BYTES: Final = 8 << 20
_PARTS_OF_ONE_SIZE: Final = 250
_GROWTH: Final = 1.18
_CONTENT_TYPE: Final = "application/x-ndjson"


@contextmanager
def uploaded_whole(objects: Objects, plan: Plan, location: S3Location) -> Iterator[Callable[[bytes], None]]:
    """Collects what it is called with, from one thread. The object appears at the end, and not after an error.

    In the bucket of a destination it is encrypted as the destination says, otherwise with SSE-S3. Blocks. Raises what
    ``ports.Objects`` raises.
    """
    lines = _ObjectLines(objects, plan, location)
    try:
        yield lines.write
        lines.complete()
    finally:
        lines.abort()


def part_bytes(number: int) -> int:
    """The size of the part with this number, from 1."""
    return round(_FIRST_PART_BYTES * _GROWTH ** ((number - 1) // _PARTS_OF_ONE_SIZE))


class _ObjectLines:
    def __init__(self, objects: Objects, plan: Plan, location: S3Location) -> None:
        self._objects, self._location = objects, location
        owners = [each for each in plan.destinations.values() if each.bucket == location.bucket]
        self._encryption = owners[0].encryption if owners else Encryption()
        self._owner = owners[0].bucket_owner if owners else None
        self._pending = bytearray()
        self._upload: Upload | None = None
        self._parts: list[UploadedPart] = []
        self._closed = False
        self._lock = threading.Lock()

    def write(self, content: bytes) -> None:
        """Raises ``Stopped`` if the upload was ended meanwhile."""
        self._pending += content
        while len(self._pending) >= (size_bytes := part_bytes(len(self._parts) + 1)):
            self._put(bytes(self._pending[:size_bytes]))
            del self._pending[:size_bytes]

    def complete(self) -> None:
        if self._pending or not self._parts:
            self._put(bytes(self._pending))
        with self._lock:
            self._objects.complete_upload(
                self._location.bucket, self._begun(), self._parts, owner=self._owner
            )
            self._upload = None

    def abort(self) -> None:
        """As far as possible. Has no effect on what was completed."""
        self._closed = True
        with self._lock:
            if self._upload is not None:
                with contextlib.suppress(DdbBackupError):
                    self._objects.abort_upload(self._location.bucket, self._upload, owner=self._owner)

    def _put(self, body: bytes) -> None:
        with self._lock:
            if self._closed:
                raise Stopped
            part = self._objects.put_part(
                self._location.bucket,
                self._begun(),
                len(self._parts) + 1,
                body,
                md5=md5_digest(body),
                owner=self._owner,
            )
            self._parts.append(part)

    def _begun(self) -> Upload:
        if self._upload is None:
            self._upload = self._objects.begin_upload(
                self._location.bucket,
                self._location.key,
                content_type=_CONTENT_TYPE,
                encryption=self._encryption,
                owner=self._owner,
            )
        return self._upload
