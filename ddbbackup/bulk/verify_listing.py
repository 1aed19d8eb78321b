"""Verifies data files without reading them: each object is there, with the ETag that the manifest names.

An equal ETag shows that the object is still the one that DynamoDB wrote: it changes with every overwrite, also where
encryption with KMS makes it opaque. It does not show that S3 can still read the object. Observed on AWS: the manifest
names the ETag of every data file, and without KMS it is the MD5 of a one-part multipart upload.
"""

from __future__ import annotations

import base64
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.bulk.find_files import find_files
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import DataIncomplete, Unreachable
from ddbbackup.model.checksums import single_part_etag
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import ObjectFacts, Objects

_REPORT_FILES: Final = 1000
_MAX_ASKED: Final = 32  # missing objects that S3 is asked for once more
_MAX_SHOWN: Final = 3
_HINT: Final = "use another backup of the table, and find out who or which lifecycle rule deleted the objects"


@dataclass(frozen=True, slots=True)
class ListedFiles:
    """All data files are there. ``files`` are sorted by key, ``sizes`` are theirs, compressed.

    ``unproven`` are files whose ETag is neither that of the manifest nor made of their MD5: they were copied or
    overwritten, and only reading them shows which. ``archived`` are the objects that cannot be read, and those in
    INTELLIGENT_TIERING, of which a listing does not show it.
    """

    files: tuple[DataFile, ...]
    sizes: array[int]
    unproven: tuple[DataFile, ...]
    archived: tuple[ObjectFacts, ...]

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes)

    def sized(self) -> tuple[DataFile, ...]:
        """``files`` with their sizes."""
        return tuple(
            replace(file, size_bytes=size) for file, size in zip(self.files, self.sizes, strict=True)
        )


def verify_listing(
    files: Sequence[DataFile],
    objects: Objects,
    *,
    on_progress: OnProgress,
    stop: threading.Event,
    table: str = "",
) -> ListedFiles:
    """Finds the objects of all ``files`` and compares their ETags. Blocks.

    Raises ``DataIncomplete`` that names the first missing objects and says how many there are, ``Stopped``, and
    whatever else ``objects`` raises. Progress is in files.
    """
    listed: list[DataFile] = []
    sizes = array("Q")
    missing: list[DataFile] = []
    unproven: list[DataFile] = []
    archived: list[ObjectFacts] = []
    for done, (file, facts) in enumerate(find_files(files, objects, stop=stop), start=1):
        if facts is None:
            missing.append(file)
        else:
            listed.append(file)
            sizes.append(facts.size_bytes)
            if not etag_proves(file, facts.etag):
                unproven.append(replace(file, size_bytes=facts.size_bytes))
            if facts.archive is not None or facts.tiered:
                archived.append(facts)
        if done % _REPORT_FILES == 0 or done == len(files):
            on_progress(Progress(table, "verify", done, len(files), "files"))
    if missing:
        _confirm_missing(missing, objects)
        raise _missing_error(missing, len(files))
    return ListedFiles(tuple(listed), sizes, tuple(unproven), tuple(archived))


def etag_proves(file: DataFile, etag: str) -> bool:
    """Whether an object with this ETag has the content that the manifest describes."""
    found = etag.strip('"')
    return found == file.etag or etag_matches_md5(found, file.md5)


def etag_matches_md5(etag: str, md5: str) -> bool:
    """Whether the ETag belongs to an object with this MD5 (base64), uploaded at once or in a single part."""
    digest = base64.b64decode(md5)
    return etag.strip('"') in (digest.hex(), single_part_etag(digest))


def _confirm_missing(missing: Sequence[DataFile], objects: Objects) -> None:
    """One bad listing is not a damaged backup. Raises ``Unreachable`` if objects exist that were not listed."""
    asked = missing[:_MAX_ASKED]
    there = [
        file for file in asked if objects.head(file.bucket, file.key, owner=file.bucket_owner) is not None
    ]
    if there:
        raise Unreachable(
            f"the listing of S3 lacks objects that exist: {len(there)} of {len(asked)} that were asked for, first "
            f"{there[0].uri}",
            hint="check the endpoint of S3, then run the same command again",
        )


def _missing_error(missing: Sequence[DataFile], files: int) -> DataIncomplete:
    names = ", ".join(file.uri for file in missing[:_MAX_SHOWN])
    more = f", and {len(missing) - _MAX_SHOWN} more" if len(missing) > _MAX_SHOWN else ""
    share = f"{grouped(len(missing))} of {counted(files, 'data file')} {agreeing(len(missing), 'is', 'are')}"
    return DataIncomplete(f"{share} missing: {names}{more}", hint=_HINT)
