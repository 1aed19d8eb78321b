"""Parses a response from the bytes that a connection has received so far (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final, NamedTuple

_MAX_RESPONSE_BYTES: Final = 64 << 20  # more than the largest request with all its items unprocessed
_MAX_HEAD_BYTES: Final = 64 << 10
_CONTENT_LENGTH: Final = b"\r\ncontent-length:"


class InvalidResponse(Exception):
    """The bytes received are not HTTP, or the response ended early."""


class ParsedResponse(NamedTuple):
    """``reusable``: whether the connection can carry another request."""

    status: int
    body: bytes
    reusable: bool


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
    found_at = lower.find(_CONTENT_LENGTH)
    # The fast path is what DynamoDB sends; http.client handles the rest.
    if found_at < 0 or lower[:9] != b"http/1.1 " or b"chunked" in lower or b"close" in lower:
        return _parse_unusual(data, ended=ended)
    start, end = found_at + len(_CONTENT_LENGTH), lower.find(b"\r", found_at + len(_CONTENT_LENGTH))
    length = lower[start : end if end > 0 else None].strip()
    if not length.isdigit() or len(length) > 9 or not lower[9:12].isdigit():
        raise InvalidResponse("the response is not HTTP")
    missing = int(length) - len(body)
    if missing > 0:
        _check_incomplete(data, ended=ended)
        return None
    return ParsedResponse(
        int(lower[9:12]), body[: int(length)] if missing else body, reusable=not (missing or ended)
    )


def _parse_unusual(data: bytes, *, ended: bool) -> ParsedResponse | None:
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
    return ParsedResponse(response.status, body, reusable=not (response.will_close or ended))


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
