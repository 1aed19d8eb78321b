"""Counting the records of a bulk put's reports, whose layout AWS has not published in what could be read.

Files are found by listing. Whatever is not a manifest by its name is taken to hold one record a line, gzipped or
not: a layout that is otherwise makes the count too high, and the restore is called not whole. It is never too
low for what matters, since any report at all counts at least one.
"""

from __future__ import annotations

import zlib
from typing import Final

from ddbbackup.errors import DataIncomplete
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects

_FILES: Final = 100_000
_MAGIC: Final = b"\x1f\x8b"


def count_records(objects: Objects, bucket: str, prefix: str, *, owner: str | None) -> int:
    """Blocks. Raises ``DataIncomplete`` for more files than any honest report has, or one that cannot be read."""
    records = 0
    for number, found in enumerate(objects.keys(bucket, prefix, owner=owner)):
        if number >= _FILES:
            raise DataIncomplete(
                f"there are more than {_FILES} reports below {S3Location(bucket, prefix)}",
                hint="compare the table with the backup, or restore with `method: write`",
            )
        if found.size_bytes and "manifest" not in found.key.rpartition("/")[2].lower():
            records += _lines(objects, bucket, found.key, owner)
    return records


def _lines(objects: Objects, bucket: str, key: str, owner: str | None) -> int:
    """Lines that are not blank, in constant memory."""
    inflate: zlib._Decompress | None = None
    lines, open_line, first = 0, False, True
    try:
        with objects.stream(bucket, key, owner=owner) as stream:
            for chunk in stream:
                if first and chunk.startswith(_MAGIC):
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
            f"the report {S3Location(bucket, key)} cannot be inflated, so nobody knows what was withheld",
            hint="compare the table with the backup, or restore with `method: write`",
        ) from error
    return lines + open_line


def _pieces(inflate: zlib._Decompress | None, chunk: bytes) -> list[bytes]:
    """The chunk, or what it inflates to in bounded pieces."""
    if inflate is None:
        return [chunk]
    pieces, rest = [], chunk
    while rest:
        pieces.append(inflate.decompress(rest, 1 << 20))
        rest = inflate.unconsumed_tail
    return pieces
