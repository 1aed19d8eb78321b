"""Data files: from gzip to blocks of whole lines, and to lines that can be inserted into a request unparsed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

from ddbbackup.archive.forbidden_tokens import contains
from ddbbackup.errors import DataIncomplete

try:
    from isal import isal_zlib as _zlib
except ImportError:  # no wheel for this platform: the standard library does the same, at half the speed
    import zlib as _zlib  # type: ignore[no-redef]

_ZLIB_ERROR: Any = _zlib.error
BLOCK_BYTES: Final = 512 << 10
# An item of 400 KB is at most some 6 MB of JSON: empty lists and nulls count least and have the longest JSON.
MAX_LINE_BYTES: Final = 16 << 20
_STEP_BYTES: Final = 16 << 10
_GZIP: Final = 31  # window bits: with a gzip header and trailer, which are checked
_PREFIX: Final = b'{"Item":{"'
_AFTER_PREFIX: Final = b'{"Item":{#'  # the smallest byte string that sorts after all with the prefix
_LAST_BEFORE_NEWLINE: Final = itemgetter(-2)
_ONLY_BRACES: Final = {ord("}")}
_HINT: Final = "use another backup of the table: this one was damaged or changed after AWS wrote it"


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed content in pieces of at most ``BLOCK_BYTES``, whatever the compression ratio.

    Accepts several gzip members in a row. Raises ``DataIncomplete`` for data that is not gzip, a wrong CRC or
    length, and a truncated stream.
    """
    decoder: Any = None
    for chunk in chunks:
        inputs = [chunk] if chunk else []  # what is left of the chunk, in reverse order
        while inputs:
            data = inputs.pop()
            if decoder is None:
                decoder = _zlib.decompressobj(_GZIP)
            try:
                yield from _drain(decoder, data)
            except _ZLIB_ERROR as error:
                raise DataIncomplete(f"its content is not valid gzip ({error})", hint=_HINT) from None
            if decoder.eof:
                inputs += _steps(decoder.unused_data)
                decoder = None
    if decoder is not None:
        raise DataIncomplete("its gzip stream is truncated", hint=_HINT)


def gzip_compressor() -> Any:
    """Makes one gzip member: ``compress`` and ``flush`` return its bytes. Fast, and as small as zlib makes it."""
    return _zlib.compressobj(1, _zlib.DEFLATED, _GZIP)


def _steps(data: bytes) -> list[bytes]:
    """``data`` in small steps, the last one first: zlib copies all that follows a member, for every member again."""
    return [data[start : start + _STEP_BYTES] for start in range(0, len(data), _STEP_BYTES)][::-1]


def _drain(decoder: Any, data: bytes) -> Iterator[bytes]:
    piece = decoder.decompress(data, BLOCK_BYTES)
    while piece:
        yield piece
        if decoder.eof:
            return
        piece = decoder.decompress(decoder.unconsumed_tail, BLOCK_BYTES)


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks that end with a newline; it is added to the last one if the file lacks it.

    Raises ``DataIncomplete`` for a line that is longer than the JSON of any item.
    """
    rest = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if not end:
            rest += piece
            if len(rest) > MAX_LINE_BYTES:
                raise DataIncomplete("one of its lines is longer than any item can be", hint=_HINT)
            continue
        yield b"".join((rest, memoryview(piece)[:end])) if rest or end < len(piece) else piece
        rest = piece[end:]
    if rest:
        yield rest + b"\n"


def count_items(pieces: Iterable[bytes]) -> int:
    """The number of lines that are not empty, with or without a newline at the end."""
    lines, in_line = 0, False
    for piece in pieces:
        in_piece = split_lines(piece)
        lines += len(in_piece) - in_piece.count(b"\n")
        if in_line and in_piece and in_piece[0] != b"\n":
            lines -= 1  # counted already, with the previous piece
        in_line = not piece.endswith(b"\n") if piece else in_line
    return lines


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block with their newlines, which are valid JSON whitespace inside a request."""
    return io.BytesIO(block).readlines()  # four times as fast as split, because it uses memchr


def are_plain_items(block: bytes, lines: Sequence[bytes], *, forbidden_tokens: tuple[bytes, ...]) -> bool:
    """Whether every line has the form ``{"Item":{"…}`` and no line contains a forbidden token, at memory speed.

    ``lines`` are those of ``block``, with newlines. A forged line needs one of ``forbidden_tokens`` to end its
    element of a request and start another one (a delete, a put into another table). False does not mean that a
    line is invalid: check each of them with ``is_item``.
    """
    return (
        min(lines) >= _PREFIX
        and max(lines) < _AFTER_PREFIX
        and set(map(_LAST_BEFORE_NEWLINE, lines)) == _ONLY_BRACES
        and (b"\\" not in block or not contains(block, b"\\u00"))  # a token may also be written with escapes
        and not any(contains(block, token) for token in forbidden_tokens)
    )


def is_item(line: bytes) -> bool:
    """Whether a line is one JSON object with ``Item`` as its only member. Parses the line."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(document, dict)
        and list(document) == ["Item"]
        and isinstance(document["Item"], dict)
        and line.startswith(b'{"Item":')
        and line.rstrip(b"\n").endswith(b"}")
    )
