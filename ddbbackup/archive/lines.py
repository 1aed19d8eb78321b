"""Data files: gzip to blocks of whole lines, and lines that may be spliced into a request as they are."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

from ddbbackup.archive.forbidden_tokens import holds
from ddbbackup.errors import DataNotWhole

try:
    from isal import isal_zlib as _zlib
except ImportError:  # no wheel for this platform: the standard library is slower and does the same
    import zlib as _zlib  # type: ignore[no-redef]

_ZLIB_ERROR: Any = _zlib.error
BLOCK_BYTES: Final = 512 << 10
# An item of 400 KB is at most some 6 MB of JSON (empty lists and nulls cost least and spell longest).
LINE_BYTES: Final = 16 << 20
_GZIP: Final = 31  # window bits: gzip header and trailer, both checked
_BEGINNING: Final = b'{"Item":{"'
_BEYOND: Final = b'{"Item":{#'  # the first that no longer begins so
_LAST_BEFORE_NEWLINE: Final = itemgetter(-2)
_ONLY_BRACES: Final = {ord("}")}
_HINT: Final = "the file is damaged: restore from another backup, and find out who changed the object"


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed content in pieces of at most ``BLOCK_BYTES``, however well a piece was compressed.

    Takes several gzip members one after the other. Raises ``DataNotWhole`` for what is not gzip, a wrong CRC
    or length, and an end in the middle.
    """
    decoder: Any = None
    for chunk in chunks:
        data = chunk
        while data:
            if decoder is None:
                decoder = _zlib.decompressobj(_GZIP)
            try:
                yield from _drain(decoder, data)
            except _ZLIB_ERROR as error:
                raise DataNotWhole(f"it is not intact gzip ({error})", hint=_HINT) from None
            data = b""
            if decoder.eof:
                data, decoder = decoder.unused_data, None
    if decoder is not None:
        raise DataNotWhole("its gzip stream ends too early", hint=_HINT)


def _drain(decoder: Any, data: bytes) -> Iterator[bytes]:
    piece = decoder.decompress(data, BLOCK_BYTES)
    while piece:
        yield piece
        if decoder.eof:
            return
        piece = decoder.decompress(decoder.unconsumed_tail, BLOCK_BYTES)


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks that end with a newline; the last one gets it if the file lacks it.

    Raises ``DataNotWhole`` for a line that is longer than any item can be.
    """
    rest = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if not end:
            rest += piece
            if len(rest) > LINE_BYTES:
                raise DataNotWhole("a line of it is longer than any item can be", hint=_HINT)
            continue
        yield b"".join((rest, memoryview(piece)[:end])) if rest or end < len(piece) else piece
        rest = piece[end:]
    if rest:
        yield rest + b"\n"


def count_items(pieces: Iterable[bytes]) -> int:
    """The number of lines that are not empty; the last one need not end with a newline."""
    lines, in_line = 0, False
    for piece in pieces:
        found = items(piece)
        lines += len(found) - found.count(b"\n")
        if in_line and found and found[0] != b"\n":
            lines -= 1  # its beginning was counted with the piece before
        in_line = not piece.endswith(b"\n") if piece else in_line
    return lines


def items(block: bytes) -> list[bytes]:
    """The lines of a block, with their newlines, which JSON allows where they are spliced in."""
    return io.BytesIO(block).readlines()  # four times as fast as split: it looks for newlines with memchr


def all_items(block: bytes, lines: Sequence[bytes], *, foreign: tuple[bytes, ...]) -> bool:
    """Whether every line of a block is framed ``{"Item":{"…}`` and has no foreign word in it, at memory speed.

    ``lines`` are the block's, with newlines. ``foreign`` are words that, in a forged line, could end the
    item's place in a request and begin something else there (a delete, another table). False means "look at
    each line with ``is_item``", not "bad".
    """
    return (
        min(lines) >= _BEGINNING
        and max(lines) < _BEYOND
        and set(map(_LAST_BEFORE_NEWLINE, lines)) == _ONLY_BRACES
        and (b"\\" not in block or not holds(block, b"\\u00"))  # a word may also be spelt in escapes
        and not any(holds(block, word) for word in foreign)
    )


def is_item(line: bytes) -> bool:
    """Whether a line is one JSON object whose only member is ``Item``, by parsing it."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(found, dict)
        and list(found) == ["Item"]
        and isinstance(found["Item"], dict)
        and line.startswith(b'{"Item":')
        and line.rstrip(b"\n").endswith(b"}")
    )
