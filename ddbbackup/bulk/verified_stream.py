"""The content of a data file, proven while it is read: MD5 of the object, gzip's own checks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from ddbbackup.archive.lines import inflate
from ddbbackup.bulk.model import DataFile
from ddbbackup.errors import DataNotWhole, ObjectMissing
from ddbbackup.ports import Objects, ObjectStream

_HINT: Final = "the file is damaged: restore from another backup, and find out who changed the object"


class Content:
    """One pass over a data file. ``size_bytes`` and ``md5`` are whole once ``pieces`` ran to its end."""

    def __init__(self, file: DataFile, stream: ObjectStream) -> None:
        self.file = file
        self.size_bytes = 0
        self.version_id: str | None = getattr(stream, "version_id", None)
        self._stream = stream
        self._hash = hashlib.md5(usedforsecurity=False)  # AWS's choice for manifests

    @property
    def md5(self) -> str:
        return base64.b64encode(self._hash.digest()).decode()

    def pieces(self) -> Iterator[bytes]:
        """Inflated, bounded pieces. Raises ``DataNotWhole`` at the end unless the MD5 is the manifest's."""
        yield from inflate(self._counted(self._stream))
        self.check()

    def check(self) -> None:
        """Raises ``DataNotWhole`` unless the object is what the manifest says, byte for byte."""
        if self.md5 != self.file.md5:
            raise DataNotWhole(f"its MD5 is {self.md5}, but the manifest says {self.file.md5}", hint=_HINT)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


@contextmanager
def opened(objects: Objects, file: DataFile) -> Iterator[Content]:
    """Opens a data file; whatever is wrong with it is said with its name.

    Raises ``DataNotWhole``, for an object that is gone as well.
    """
    try:
        with named(file), objects.stream(file.bucket, file.key, owner=file.bucket_owner) as stream:
            yield Content(file, stream)
    except ObjectMissing as error:
        raise DataNotWhole(f"the data file {file.uri} is missing", hint=_HINT) from error


@contextmanager
def named(file: DataFile) -> Iterator[None]:
    """Says which file it is that is not whole."""
    try:
        yield
    except DataNotWhole as error:
        raise DataNotWhole(
            f"the data file {file.uri} is not whole: {error.message}", hint=error.hint
        ) from error


def check_count(file: DataFile, found: int) -> None:
    """Raises ``DataNotWhole`` unless the file holds as many items as its manifest says."""
    if found != file.item_count:
        raise DataNotWhole(f"it holds {found} items, but the manifest says {file.item_count}", hint=_HINT)
