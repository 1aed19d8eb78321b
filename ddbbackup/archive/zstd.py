"""Content that was compressed with Zstandard, in pieces of bounded size.

Needs the package ``zstandard``, of the extra ``zstd``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from ddbbackup.archive.lines import BLOCK_BYTES
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.project_urls import extra_hint

# A few bytes may stand for 128 KB, and the package does not bound what it returns at once: 128 MB for a step.
_STEP_BYTES: Final = 4 << 10
_HINT: Final = "compress the file again from its origin, and use that one"


def require_zstd(where: str) -> None:
    """Raises ``Refused`` if the package is not installed; ``where`` names what is compressed with it."""
    if find_spec("zstandard") is None:
        raise Refused(
            f"{where} is compressed with Zstandard, and the package zstandard is not installed",
            hint=extra_hint("zstd"),
        )


def decompress_zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Accepts several frames in a row. Raises ``DataIncomplete`` for damaged and for truncated content."""
    zstandard = import_module("zstandard")
    decoder: Any = None
    for chunk in chunks:
        for start in range(0, len(chunk), _STEP_BYTES):
            data = chunk[start : start + _STEP_BYTES]
            while data:
                if decoder is None:
                    decoder = zstandard.ZstdDecompressor().decompressobj()
                try:
                    piece = decoder.decompress(data)
                except zstandard.ZstdError as error:
                    raise DataIncomplete(
                        f"its content is not valid Zstandard ({error})", hint=_HINT
                    ) from None
                yield from _cut(piece)
                data = decoder.unused_data if decoder.eof else b""
                if decoder.eof:
                    decoder = None
    if decoder is not None:
        raise DataIncomplete("its Zstandard frame is truncated", hint=_HINT)


def _cut(piece: bytes) -> Iterator[bytes]:
    return (piece[start : start + BLOCK_BYTES] for start in range(0, len(piece), BLOCK_BYTES))
