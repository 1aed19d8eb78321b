"""How far a scan has come, in an object beside its data, so that any machine can take it up.

``<export folder>_scan.json`` lists the data files of each segment, each with the key behind which the next begins.
Only conditional writes change it. Whoever scans renews it; if it is not renewed for ``LEASE_SECONDS``, as another
process observes it, that one takes over. No clocks are compared.

A data file is recorded when all of its parts are in S3, and becomes an object after that. So the bucket never holds a
data file that is not recorded, and a recorded one that is missing can be completed from its parts.

The object is a claim: a file counts only if the bucket holds it, with the size and ETag that S3 gave it.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ddbbackup.archive.export_writing import data_file_name
from ddbbackup.bulk.scan.data_file import UploadedFile
from ddbbackup.bulk.scan.model import ScanJob
from ddbbackup.bulk.scan.page import Key
from ddbbackup.bulk.scan.progress_document import (
    RecordedFile,
    RecordedUpload,
    ScanDocument,
    parse_document,
)
from ddbbackup.errors import Conflict, DataIncomplete, DdbBackupError, ObjectMissing, Refused
from ddbbackup.model.documents import encode_document
from ddbbackup.ports import ObjectFacts, Objects, Upload

STATE: Final = "_scan.json"
LEASE_SECONDS: Final = 30.0
SAVE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 3.0
_LIMIT_BYTES: Final = 64 << 20  # some 200,000 files
_COMPLETING_THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """Where a segment goes on: behind ``key``, with the file number ``ordinal``."""

    segment: int
    ordinal: int
    key: Key | None


class ScanProgress:
    """All methods may be called from any thread, except ``open``."""

    def __init__(
        self, objects: Objects, job: ScanJob, *, segments: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._objects, self._job, self._sleep = objects, job, sleep
        self._holder = secrets.token_hex(16)
        self._files: list[list[RecordedFile]] = [[] for _ in range(segments)]
        self._renewals = 0
        self._etag: str | None = None
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._failure: DdbBackupError | None = None
        self.resumed_files = 0

    # ---- before and after the scan

    def open(self) -> None:
        """Takes the scan up where an earlier process left it, or begins it.

        Raises ``Refused`` if another process works on it, ``Conflict`` if one begins at the same moment.
        """
        document, self._etag = self._read()
        if document is not None and document.holder is not None:
            document, self._etag = self._watch(document)
        if document is None:
            self._put()
            self._put_object("_started", b"", "application/octet-stream")
            return
        self._renewals = document.renewals
        self._files = [list(files) for files in document.files]
        self._put()
        self._abort_unknown_uploads()
        self._keep_proven()
        self.resumed_files = sum(map(len, self._files))

    @contextmanager
    def renewing(self, halt: threading.Event) -> Iterator[None]:
        """Saves the progress again and again while the block runs. Sets ``halt`` if that fails, and raises why.

        ``Conflict``: another process has taken over.
        """
        ended = threading.Event()

        def save_again_and_again() -> None:
            while not ended.wait(SAVE_SECONDS):
                try:
                    self.save()
                except DdbBackupError as error:
                    self._failure = error
                    halt.set()
                    return

        saver = threading.Thread(target=save_again_and_again, name="scan progress", daemon=True)
        saver.start()
        try:
            yield
        finally:
            ended.set()
            saver.join()
            if self._failure is not None:
                raise self._failure
            with contextlib.suppress(DdbBackupError):  # then the lock is taken over after a while
                self.save()
                self._put(released=True)

    def check(self) -> None:
        """Raises ``DataIncomplete`` unless the bucket holds exactly the recorded files, as S3 stored them."""
        listed = self._listed()
        recorded = {
            self.key_of(segment, ordinal): file
            for segment, files in enumerate(self._files)
            for ordinal, file in enumerate(files)
        }
        missing = [key for key, file in recorded.items() if not _is_there(file, listed.get(key))]
        if missing or listed.keys() - recorded.keys():
            what = "lacks a data file" if missing else "holds an object"
            key = missing[0] if missing else min(listed.keys() - recorded.keys())
            raise DataIncomplete(
                f"{self._job.folder.location} {what} that the scan {'wrote' if missing else 'did not write'}: {key}",
                hint="find out what else writes to the bucket, then run a new backup",
            )

    # ---- during the scan

    def starts(self) -> list[SegmentStart]:
        """The segments that are not finished."""
        with self._lock:
            return [
                SegmentStart(segment, len(files), files[-1].next_key if files else None)
                for segment, files in enumerate(self._files)
                if not files or files[-1].next_key is not None
            ]

    def add(self, segment: int, file: UploadedFile, *, next_key: Key | None, read_until: datetime) -> None:
        """Records the next file of a segment. It becomes an object soon after."""
        recorded = RecordedFile(
            item_count=file.item_count,
            size_bytes=file.size_bytes,
            md5=file.md5,
            etag=file.etag,
            read_until=read_until,
            next_key=next_key,
            upload=RecordedUpload(id=file.upload.id, parts=file.parts),
        )
        with self._lock:
            self._files[segment].append(recorded)

    def files(self) -> list[tuple[str, RecordedFile]]:
        """All files with their keys."""
        with self._lock:
            return [
                (self.key_of(segment, ordinal), file)
                for segment, files in enumerate(self._files)
                for ordinal, file in enumerate(files)
            ]

    @property
    def segments(self) -> int:
        return len(self._files)

    def key_of(self, segment: int, ordinal: int) -> str:
        """The same file of the same segment always has the same key: one that is read again replaces itself."""
        return f"{self._data}{data_file_name(self._job.export_id, segment, ordinal)}"

    # ---- saving

    def save(self) -> None:
        """First the document, then the objects that it lists. Afterwards all files that were added are objects.

        Raises ``Conflict`` if another process has taken over, and what ``ports.Objects`` raises.
        """
        with self._saving:
            pending = self._pending()
            self._put()
            with ThreadPoolExecutor(_COMPLETING_THREADS, thread_name_prefix="complete upload") as pool:
                list(pool.map(lambda place: self._complete(*place), pending))

    def _pending(self) -> list[tuple[int, int]]:
        with self._lock:
            return [
                (segment, ordinal)
                for segment, files in enumerate(self._files)
                for ordinal, file in enumerate(files)
                if file.upload is not None
            ]

    def _complete(self, segment: int, ordinal: int) -> None:
        """Raises ``DataIncomplete`` if the parts are gone."""
        file = self._files[segment][ordinal]
        etag = self._completed_etag(self.key_of(segment, ordinal), file)
        if etag is None:
            raise DataIncomplete(
                f"the parts of {self.key_of(segment, ordinal)} were removed during the scan",
                hint="check that no lifecycle rule aborts uploads after less than a day, then run the backup again",
            )
        with self._lock:
            self._files[segment][ordinal] = replace(file, etag=etag, upload=None)

    def _completed_etag(self, key: str, file: RecordedFile) -> str | None:
        """The ETag of the object; None if its parts are gone, and it was not completed before."""
        job, upload = self._job, file.upload
        if upload is None:
            return None
        try:
            etag = self._objects.complete_upload(
                job.folder.bucket, Upload(key, upload.id), upload.parts, owner=job.bucket_owner
            )
        except ObjectMissing:  # perhaps the response to an earlier request was lost
            facts = self._objects.head(job.folder.bucket, key, owner=job.bucket_owner)
            return _etag(facts) if facts is not None and self._may_be(file, facts) else None
        return etag.strip('"')

    def _may_be(self, file: RecordedFile, facts: ObjectFacts) -> bool:
        """Whether an object is the one that the upload makes. The ETag of SSE-KMS cannot be known before."""
        known = self._job.encryption.algorithm != "KMS"
        return facts.size_bytes == file.size_bytes and (_etag(facts) == file.etag or not known)

    # ---- taking up

    def _keep_proven(self) -> None:
        """Drops files that the bucket does not hold, and in each segment all that follow them."""
        listed = self._listed()
        for segment, files in enumerate(self._files):
            kept: list[RecordedFile] = []
            for ordinal, file in enumerate(files):
                key = self.key_of(segment, ordinal)
                facts = listed.get(key)
                if file.upload is not None:
                    done = facts is not None and self._may_be(file, facts)
                    etag = _etag(facts) if facts is not None and done else self._completed_etag(key, file)
                    if etag is None:
                        break
                    kept.append(replace(file, etag=etag, upload=None))
                elif _is_there(file, facts):
                    kept.append(file)
                else:
                    break
            self._files[segment] = kept

    def _abort_unknown_uploads(self) -> None:
        """Those of files that the process before this one was writing: nobody will complete them."""
        job = self._job
        known = {file.upload.id for files in self._files for file in files if file.upload is not None}
        for upload in self._objects.uploads(job.folder.bucket, self._data, owner=job.bucket_owner):
            if upload.id not in known:
                self._objects.abort_upload(job.folder.bucket, upload, owner=job.bucket_owner)

    def _listed(self) -> dict[str, ObjectFacts]:
        job = self._job
        listed = self._objects.keys(job.folder.bucket, self._data, owner=job.bucket_owner)
        return {facts.key: facts for facts in listed}

    @property
    def _data(self) -> str:
        return f"{self._job.folder.root}data/"

    # ---- the object

    def _watch(self, document: ScanDocument) -> tuple[ScanDocument | None, str | None]:
        """Reads until the holder has shown no sign of life for long enough. Raises ``Refused`` if it shows one."""
        waited = 0.0
        while True:
            self._sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            now, etag = self._read()
            if now is None or now.holder is None or waited >= LEASE_SECONDS:
                return now, etag
            if (now.holder, now.renewals) != (document.holder, document.renewals):
                raise Refused(
                    f"another run is scanning {self._job.table} into {self._job.folder.location}",
                    hint="wait until the other run ends, then run the same command again",
                )

    def _read(self) -> tuple[ScanDocument | None, str | None]:
        """What does not describe this scan counts as nothing."""
        job = self._job
        try:
            body, facts = self._objects.read(
                job.folder.bucket, self._key, limit_bytes=_LIMIT_BYTES, owner=job.bucket_owner
            )
        except ObjectMissing:
            return None, None
        return parse_document(body, job), facts.etag

    def _put(self, *, released: bool = False) -> None:
        with self._lock:
            self._renewals += 1
            document = ScanDocument(
                export_id=self._job.export_id,
                table_arn=self._job.table_arn,
                table_id=self._job.table_id,
                holder=None if released else self._holder,
                renewals=self._renewals,
                files=tuple(map(tuple, self._files)),
            )
        try:
            self._etag = self._put_object(
                STATE,
                encode_document(document),
                "application/json",
                if_match=self._etag,
                conditional=True,
            )
        except Conflict:
            raise Conflict(
                f"another run has taken over the scan of {self._job.table}",
                hint="wait until the other run ends, then run the same command again",
            ) from None

    def _put_object(
        self,
        name: str,
        body: bytes,
        content_type: str,
        *,
        if_match: str | None = None,
        conditional: bool = False,
    ) -> str:
        job = self._job
        return self._objects.put(
            job.folder.bucket,
            f"{job.folder.root}{name}",
            body,
            content_type=content_type,
            encryption=job.encryption,
            owner=job.bucket_owner,
            if_none_match=conditional and if_match is None,
            if_match=if_match,
        )

    @property
    def _key(self) -> str:
        return f"{self._job.folder.root}{STATE}"


def _etag(facts: ObjectFacts) -> str:
    return facts.etag.strip('"')


def _is_there(file: RecordedFile, facts: ObjectFacts | None) -> bool:
    return facts is not None and (facts.size_bytes, _etag(facts)) == (file.size_bytes, file.etag)
