"""Count the records in the reports of a bulk put. The documentation of their layout was not available.

Files are found by listing. Every file whose name does not contain "manifest" is expected to hold one record per line,
gzipped or not. With another layout the count is too high, and the restore fails as incomplete. The count is never
zero if there is a report.
"""

from __future__ import annotations

import zlib
from typing import Final

from ddbbackup.errors import DataIncomplete
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects

_FILE_LIMIT: Final = 100_000
_GZIP_MAGIC: Final = b"\x1f\x8b"


def count_records(objects: Objects, bucket: str, prefix: str, *, owner: str | None) -> int:
    """Raises ``DataIncomplete`` for more than 100,000 files, or for one that cannot be decompressed. Blocking."""
    records = 0
    for number, file in enumerate(objects.keys(bucket, prefix, owner=owner)):
        if number >= _FILE_LIMIT:
            raise DataIncomplete(
                f"there are more than {_FILE_LIMIT} reports in {S3Location(bucket, prefix)}",
                hint="restore with `method: write`",
            )
        if file.size_bytes and "manifest" not in file.key.rpartition("/")[2].lower():
            records += _count_lines(objects, bucket, file.key, owner)
    return records


def _count_lines(objects: Objects, bucket: str, key: str, owner: str | None) -> int:
    """The number of lines that are not blank, in constant memory."""
    inflate: zlib._Decompress | None = None
    lines, open_line, first = 0, False, True
    try:
        with objects.stream(bucket, key, owner=owner) as stream:
            for chunk in stream:
                if first and chunk.startswith(_GZIP_MAGIC):
                    inflate = zlib.decompressobj(wbits=31)
                first = False
                for piece in _pieces(inflate, chunk):
                    head, *rest = piece.split(b"\n")
                    open_line = open_line or bool(head.strip())
                    for text in rest:
                        lines += open_line
                        open_line = bool(text.strip())
    except zlib.error as error:
        raise DataIncomplete(
            f"{S3Location(bucket, key)} cannot be decompressed, so the number of withheld items is unknown",
            hint="restore with `method: write`",
        ) from error
    return lines + open_line


def _pieces(inflate: zlib._Decompress | None, chunk: bytes) -> list[bytes]:
    """The chunk, or its decompressed content in pieces of bounded size."""
    if inflate is None:
        return [chunk]
    pieces, rest = [], chunk
    while rest:
        pieces.append(inflate.decompress(rest, 1 << 20))
        rest = inflate.unconsumed_tail
    return pieces
