"""Compresses export lines and uploads them as one data file, with a bounded part of it in memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
from dataclasses import dataclass
from typing import Final

from ddbbackup.archive.lines import gzip_compressor
from ddbbackup.bulk.scan.model import ScanJob
from ddbbackup.bulk.scan.page import Page
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.checksums import md5_digest, multipart_etag
from ddbbackup.ports import Objects, Upload, UploadedPart

PART_BYTES: Final = 5 << 20  # S3 accepts no less, but for the last part
# A process that is killed loses what it has read since the end of the last file, which was paid for.
MAX_OPEN_SECONDS: Final = 300.0
_CONTENT_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A data file that is in S3 in parts, but no object yet. ``etag`` is the one that it will have with SSE-S3."""

    item_count: int
    size_bytes: int
    md5: str
    etag: str
    upload: Upload
    parts: tuple[UploadedPart, ...]


class DataFileWriter:
    """One data file. ``size_bytes`` is that of the compressed file so far."""

    def __init__(self, objects: Objects, job: ScanJob, key: str, *, full_bytes: int) -> None:
        self._objects, self._job, self._key = objects, job, key
        self._full_bytes = full_bytes
        self._full_at = time.monotonic() + MAX_OPEN_SECONDS
        self._compressor = gzip_compressor()
        self._hash = hashlib.md5(usedforsecurity=False)  # the hash of manifests
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._upload: Upload | None = None
        self._parts: list[UploadedPart] = []
        self._digests: list[bytes] = []
        self.item_count = self.size_bytes = 0

    def add(self, page: Page) -> None:
        """May upload a part, and then raises what ``ports.Objects`` raises."""
        if (
            self._pending_bytes >= PART_BYTES
        ):  # not before: the last part also takes the end of the gzip stream
            self._put_part()
        self.item_count += page.item_count
        for block in page.blocks:
            self._keep(self._compressor.compress(block))

    @property
    def is_full(self) -> bool:
        return self.size_bytes >= self._full_bytes or time.monotonic() >= self._full_at

    def finish(self) -> UploadedFile:
        """Uploads the rest. An empty file is a gzip file too."""
        self._keep(self._compressor.flush())
        self._put_part()
        return UploadedFile(
            self.item_count,
            self.size_bytes,
            base64.b64encode(self._hash.digest()).decode(),
            multipart_etag(self._digests),
            self._began(),
            tuple(self._parts),
        )

    def abort(self) -> None:
        """As far as possible: the next process that takes up the scan aborts what is left."""
        if self._upload is not None:
            with contextlib.suppress(DdbBackupError):
                self._objects.abort_upload(
                    self._job.folder.bucket, self._upload, owner=self._job.bucket_owner
                )

    def _keep(self, compressed: bytes) -> None:
        if not compressed:
            return
        self._pending.append(compressed)
        self._pending_bytes += len(compressed)
        self.size_bytes += len(compressed)
        self._hash.update(compressed)

    def _put_part(self) -> None:
        body = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        # Of the first part, the hash of the file is that of the part.
        md5 = md5_digest(body) if self._parts else self._hash.digest()
        self._digests.append(md5)
        part = self._objects.put_part(
            self._job.folder.bucket,
            self._began(),
            len(self._parts) + 1,
            body,
            md5=md5,
            owner=self._job.bucket_owner,
        )
        self._parts.append(part)

    def _began(self) -> Upload:
        if self._upload is None:
            self._upload = self._objects.begin_upload(
                self._job.folder.bucket,
                self._key,
                content_type=_CONTENT_TYPE,
                encryption=self._job.encryption,
                owner=self._job.bucket_owner,
            )
        return self._upload
