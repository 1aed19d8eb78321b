"""Count the records in the reports of a bulk put. The documentation of their layout was not available.

Files are found by listing. Every file whose name does not contain "manifest" is expected to hold one record per line,
gzipped or not. With another layout the count is too high, and the restore fails as incomplete. The count is never
zero if there is a report. A report that was cut or damaged proves nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

from ddbbackup.archive.lines import count_items, inflate
from ddbbackup.bulk.verified_stream import CutShort, whole_body
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import ObjectFacts, Objects

_FILE_LIMIT: Final = 100_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BLANK: Final = b" \t\r\v\f"
_HINT: Final = "restore with `method: write`"


def count_records(objects: Objects, bucket: str, prefix: str, *, owner: str | None) -> int:
    """Raises ``DataIncomplete`` for more than 100,000 files, or for one that is damaged or cut. Blocking."""
    records = 0
    for number, file in enumerate(objects.keys(bucket, prefix, owner=owner)):
        if number >= _FILE_LIMIT:
            raise DataIncomplete(
                f"there are more than {_FILE_LIMIT} reports in {S3Location(bucket, prefix)}", hint=_HINT
            )
        if file.size_bytes and "manifest" not in file.key.rpartition("/")[2].lower():
            records += _count_lines(objects, bucket, file, owner)
    return records


def _count_lines(objects: Objects, bucket: str, file: ObjectFacts, owner: str | None) -> int:
    """The number of lines that are not blank, in constant memory, whatever the size of the content."""
    location = S3Location(bucket, file.key)
    try:
        with objects.stream(bucket, file.key, owner=owner) as stream:
            if stream.size_bytes != file.size_bytes:
                raise CutShort(f"the size of {location} is not the one in the listing", hint=_HINT)
            chunks = whole_body(stream, location.uri)
            first = next(chunks, b"")
            while len(first) < len(_GZIP_MAGIC) and (more := next(chunks, b"")):
                first += more
            body = itertools.chain((first,), chunks)
            return _count(inflate(body) if first.startswith(_GZIP_MAGIC) else body)
    except DataIncomplete as error:
        raise DataIncomplete(
            f"{location} is damaged, so the number of withheld items is unknown: {error.message}", hint=_HINT
        ) from error
    except CutShort as error:
        raise DataIncomplete(
            f"{location} did not arrive complete, so the number of withheld items is unknown", hint=_HINT
        ) from error


def _count(pieces: Iterable[bytes]) -> int:
    return count_items(piece.translate(None, _BLANK) for piece in pieces)
