"""The content of a data file, verified while it is read: length, MD5 of the object, gzip's own checksums."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar, assert_never

from ddbbackup.archive.ion import ion_to_changes, ion_to_lines
from ddbbackup.archive.lines import MAX_LINE_BYTES, inflate, split_lines, whole_lines
from ddbbackup.archive.plain_lines import dump_to_lines, plain_to_lines
from ddbbackup.archive.zstd import decompress_zstd
from ddbbackup.bulk.model import Compression, DataFile, DataFormat
from ddbbackup.errors import DataIncomplete, ObjectMissing, Unreachable
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.ports import Objects, ObjectStream

T = TypeVar("T")

_MAX_DUMP_BYTES: Final = 64 << 20
# Before the second reading of a file, and before the third and last one.
READ_PAUSES_SECONDS: Final = (0.5, 2.0)
_HINT: Final = "use another backup of the table: this one was damaged or changed after AWS wrote it"


class CutShort(Unreachable):
    """The response does not have the length that it announced, so it says nothing about the object."""


READ_AGAIN: Final = (DataIncomplete, CutShort)
"""What may pass if the file is read again from the start."""


def whole_body(stream: ObjectStream, uri: str) -> Iterator[bytes]:
    """The chunks of an object. Raises ``CutShort`` at the end if they are not as many bytes as S3 announced."""
    size_bytes = 0
    for chunk in stream:
        size_bytes += len(chunk)
        yield chunk
    if size_bytes != stream.size_bytes:
        raise CutShort(
            f"S3 sent {size_bytes} of the {stream.size_bytes} bytes of {uri}",
            hint="check network and proxies, then run the same command again",
        )


class VerifiedStream:
    """One pass over a data file. ``size_bytes`` and ``md5`` are complete once ``pieces`` is exhausted."""

    def __init__(self, file: DataFile, stream: ObjectStream) -> None:
        self.file = file
        self.size_bytes = 0
        self.version_id = stream.version_id
        self._stream = stream
        self._hash = hashlib.md5(usedforsecurity=False)  # the hash that AWS writes into manifests

    @property
    def md5(self) -> str:
        return base64.b64encode(self._hash.digest()).decode()

    def pieces(self) -> Iterator[bytes]:
        """The inflated content in pieces of bounded size: lines of an export, whatever the format of the file is.

        Raises ``DataIncomplete`` for invalid gzip, for more content than the items of the manifest can have, for
        lines that cannot be converted, and at the end if the MD5 differs from the manifest's; ``CutShort`` if the
        response does not have its own length.
        """
        return wire_pieces(self._inflated(), self.file.format)

    def _inflated(self) -> Iterator[bytes]:
        longest = (self.file.item_count + 1) * MAX_LINE_BYTES
        inflated = 0
        for piece in decompress(self._hashed(), self.file.compression):
            inflated += len(piece)
            if inflated > longest:
                raise DataIncomplete(
                    f"it holds more than {counted(self.file.item_count, 'item')} can have", hint=_HINT
                )
            yield piece
        if self.md5 != self.file.md5:
            raise DataIncomplete(f"its MD5 is {self.md5}, but the manifest says {self.file.md5}", hint=_HINT)

    def _hashed(self) -> Iterator[bytes]:
        for chunk in whole_body(self._stream, self.file.uri):
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


def tracked_pieces(stream: VerifiedStream, track: Callable[[int], None]) -> Iterator[bytes]:
    """The pieces of the stream; ``track`` is called with the compressed bytes behind them.

    They are taken back, with a negative number, if the stream cannot be read to its end.
    """
    tracked = 0
    try:
        for piece in stream.pieces():
            if stream.size_bytes != tracked:
                track(stream.size_bytes - tracked)
                tracked = stream.size_bytes
            yield piece
        track(stream.size_bytes - tracked)
        tracked = stream.size_bytes
    except READ_AGAIN:
        track(-tracked)
        raise


def decompress(chunks: Iterator[bytes], compression: Compression) -> Iterator[bytes]:
    """Pieces of bounded size. Raises ``DataIncomplete`` for content that is damaged or cut."""
    match compression:
        case "gzip":
            return inflate(chunks)
        case "zstd":
            return decompress_zstd(chunks)
        case "none":
            return chunks
        case _:
            assert_never(compression)


def wire_pieces(pieces: Iterator[bytes], data_format: DataFormat) -> Iterator[bytes]:
    """Content of any format as lines of an export. Those of an export are passed on as they are."""
    match data_format:
        case "DYNAMODB_JSON":
            return pieces
        case "ION":
            return (ion_to_lines(split_lines(block)) for block in whole_lines(pieces))
        case "ION_CHANGES":
            return (ion_to_changes(split_lines(block)) for block in whole_lines(pieces))
        case "PLAIN":
            return (plain_to_lines(split_lines(block)) for block in whole_lines(pieces))
        case "DUMP":
            return _pieces_of_dump(pieces)
        case _:
            assert_never(data_format)


def _pieces_of_dump(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """One document, of one page of a scan (1 MB of items) in files that dynamodump wrote."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > _MAX_DUMP_BYTES:
            raise DataIncomplete("it is larger than any file of dynamodump", hint=_HINT)
    yield dump_to_lines(bytes(body))


@contextmanager
def open_data_file(objects: Objects, file: DataFile) -> Iterator[VerifiedStream]:
    """Opens a data file; errors inside the ``with`` block name it.

    Raises ``DataIncomplete`` if the object is missing.
    """
    try:
        with (
            name_file_in_errors(file),
            objects.stream(file.bucket, file.key, owner=file.bucket_owner) as stream,
        ):
            yield VerifiedStream(file, stream)
    except ObjectMissing as error:
        raise DataIncomplete(f"the data file {file.uri} is missing", hint=_HINT) from error


def read_until_whole(read: Callable[[], T], pause: Callable[[float], object]) -> T:
    """The result of ``read``, which reads a data file from its start, tried up to three times.

    A single bad response is not a damaged backup. ``pause`` waits for the given seconds. Raises what the last try
    raised: ``DataIncomplete`` or ``CutShort``.
    """
    for seconds in READ_PAUSES_SECONDS:
        try:
            return read()
        except READ_AGAIN:
            pause(seconds)
    return read()


@contextmanager
def name_file_in_errors(file: DataFile) -> Iterator[None]:
    """Adds the URI of the file to any ``DataIncomplete``."""
    try:
        yield
    except DataIncomplete as error:
        raise DataIncomplete(
            f"the data file {file.uri} is damaged: {error.message}", hint=error.hint
        ) from error


def check_item_count(file: DataFile, count: int) -> None:
    """Raises ``DataIncomplete`` unless ``count`` is the item count of the manifest."""
    if count != file.item_count:
        raise DataIncomplete(
            f"it holds {counted(count, 'item')}, but the manifest says {grouped(file.item_count)}", hint=_HINT
        )
