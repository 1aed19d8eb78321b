"""Data files: gzip to blocks of whole lines, and lines that may be spliced into a request as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

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
_BETWEEN_LINES: Final = b'}}\n{"Item":{"'
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
    lines, open_line = 0, False
    for piece in pieces:
        found = piece.split(b"\n")  # faster than two counts of newlines, single and double
        lines += len(found) - found.count(b"")
        if open_line and found[0]:
            lines -= 1  # its beginning was counted with the piece before
        open_line = bool(found[-1]) or (open_line and len(found) == 1)
    return lines


def items(block: bytes) -> list[bytes]:
    """The lines of a block of whole lines, without their newlines."""
    lines = block.split(b"\n")
    lines.pop()
    return lines


def all_items(block: bytes, lines: int, *, foreign: tuple[bytes, ...]) -> bool:
    """Whether every line of a block is framed ``{"Item":{…}}`` and has no foreign word in it, at memory speed.

    ``foreign`` are words that, in a forged line, could end the item's place in a request and begin something
    else there (a delete, another table). False means "look at each line with ``is_item``", not "bad".
    """
    return (
        block.startswith(b'{"Item":{"')
        and block.endswith(b"}}\n")
        and block.count(_BETWEEN_LINES) == lines - 1
        and (b"\\" not in block or b"\\u00" not in block)  # a word may also be spelt in escapes
        and not any(word in block for word in foreign)
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
        and line.endswith(b"}")
    )
