"""Parses a response from the bytes that a connection has received so far (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import io
import zlib
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final, NamedTuple

_MAX_RESPONSE_BYTES: Final = 64 << 20  # more than the largest request with all its items unprocessed
_MAX_HEAD_BYTES: Final = 64 << 10
_CONTENT_LENGTH: Final = b"\r\ncontent-length:"
_CONTENT_TYPE: Final = b"\r\ncontent-type:"
_CONTENT_ENCODING: Final = b"\r\ncontent-encoding:"
_CHECKSUM: Final = b"\r\nx-amz-crc32:"  # of the body; DynamoDB sends it with every response


class InvalidResponse(Exception):
    """The bytes received are not HTTP, or the response ended early, or it does not match its checksum."""


class ParsedResponse(NamedTuple):
    """``reusable``: whether the connection can carry another request. ``content_type`` is in lower case."""

    status: int
    body: bytes
    reusable: bool
    content_type: bytes


def parse_response(data: bytes, *, ended: bool) -> ParsedResponse | None:
    """The response in ``data``; None while it is incomplete. ``ended``: the server closed the connection.

    Raises ``InvalidResponse``; its text holds nothing of ``data``, which may contain item data.
    """
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        if ended:
            raise InvalidResponse(
                "the server closed the connection" + (" in the middle of its response" if data else "")
            )
        if len(data) > _MAX_HEAD_BYTES:
            raise InvalidResponse("the response is not HTTP")
        return None
    lower = head.lower()
    length = _header(lower, _CONTENT_LENGTH)
    # The fast path is what DynamoDB sends; http.client handles the rest.
    if length is None or lower[:9] != b"http/1.1 " or b"chunked" in lower or b"close" in lower:
        return _parse_unusual(data, lower, ended=ended)
    if not length.isdigit() or len(length) > 9 or not lower[9:12].isdigit():
        raise InvalidResponse("the response is not HTTP")
    missing = int(length) - len(body)
    if missing > 0:
        _check_incomplete(data, ended=ended)
        return None
    if missing:
        body = body[: int(length)]
    _check_checksum(lower, body)
    content_type = _header(lower, _CONTENT_TYPE) or b""
    return ParsedResponse(int(lower[9:12]), body, not (missing or ended), content_type)


def _parse_unusual(data: bytes, lower: bytes, *, ended: bool) -> ParsedResponse | None:
    """Chunked, HTTP/1.0, or without a length: parsed by the standard library."""
    response = HTTPResponse(_BufferSocket(data), method="POST")  # type: ignore[arg-type]  # it only calls makefile
    try:
        response.begin()
        if response.length is None and not response.chunked and not ended:
            _check_incomplete(data, ended=ended)
            return None
        body = response.read()
    except IncompleteRead:
        _check_incomplete(data, ended=ended)
        return None
    except (HTTPException, ValueError) as error:
        raise InvalidResponse("the response is not HTTP") from error
    _check_checksum(lower, body)
    content_type = _header(lower, _CONTENT_TYPE) or b""
    return ParsedResponse(response.status, body, not (response.will_close or ended), content_type)


def _header(lower: bytes, name: bytes) -> bytes | None:
    """The value of the first header with this ``name`` in a head in lower case; None without it."""
    at = lower.find(name)
    if at < 0:
        return None
    start = at + len(name)
    end = lower.find(b"\r", start)
    return lower[start : end if end > 0 else None].strip()


def _check_checksum(lower: bytes, body: bytes) -> None:
    """Raises ``InvalidResponse`` for a body that is not the one that was sent.

    The checksum of a body with a content encoding is that of another form of it.
    """
    checksum = _header(lower, _CHECKSUM)
    if checksum is None or _CONTENT_ENCODING in lower:
        return
    if not checksum.isdigit() or len(checksum) > 10 or int(checksum) != zlib.crc32(body):
        raise InvalidResponse("the response does not match its checksum (x-amz-crc32)")


def _check_incomplete(data: bytes, *, ended: bool) -> None:
    """Raises ``InvalidResponse`` if the rest can never arrive, or if the response is too long to wait for."""
    if ended:
        raise InvalidResponse("the server closed the connection in the middle of its response")
    if len(data) > _MAX_RESPONSE_BYTES:
        raise InvalidResponse("the response is longer than any response of DynamoDB")


class _BufferSocket:
    """The part of a socket that ``HTTPResponse`` uses."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._data)
