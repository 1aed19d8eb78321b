"""Parses a response from the bytes that a connection has received so far (HTTP/1.1, RFC 9112).

Most responses arrive in one piece, and ``parse_response`` is all they need. The page of a scan has a megabyte: once
its head is known, ``LongBody`` takes the rest of it without looking at the same bytes again.
"""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final, NamedTuple

from ddbbackup.model.checksums import crc32

_MAX_RESPONSE_BYTES: Final = 64 << 20  # more than the largest request with all its items unprocessed
_MAX_HEAD_BYTES: Final = 64 << 10
_CONTENT_LENGTH: Final = b"\r\ncontent-length:"
_CONTENT_TYPE: Final = b"\r\ncontent-type:"
_CONTENT_ENCODING: Final = b"\r\ncontent-encoding:"
_CUT_OFF: Final = "the server closed the connection in the middle of its response"
_CHECKSUM: Final = b"\r\nx-amz-crc32:"  # of the body; DynamoDB sends it with every response


class InvalidResponse(Exception):
    """The bytes received are not HTTP, or the response ended early, or it does not match its checksum."""


class ParsedResponse(NamedTuple):
    """``reusable``: whether the connection can carry another request. ``content_type`` is in lower case."""

    status: int
    body: bytes
    reusable: bool
    content_type: bytes


class LongBody:
    """A response with the length ``length`` of which ``head`` has arrived, and the beginning of its body.

    Read into ``room`` and say how much it was with ``add``. ``head`` is in lower case.
    """

    __slots__ = ("_body", "_filled", "_head", "_length")

    def __init__(self, head: bytes, length: int, beginning: bytes) -> None:
        self._head, self._length = head, length
        self._body = io.BytesIO()  # it hands out its bytes without a copy, unlike a bytearray
        self._body.seek(length - 1)
        self._body.write(b"\0")
        self._filled = len(beginning)
        with self._body.getbuffer() as body:
            body[: self._filled] = beginning

    def room(self) -> memoryview:
        """Release it before ``add``."""
        return self._body.getbuffer()[self._filled :]

    def add(self, count: int) -> ParsedResponse | None:
        """The response once it is complete. 0 means that the server closed the connection.

        Raises ``InvalidResponse``.
        """
        if not count:
            raise InvalidResponse(_CUT_OFF)
        self._filled += count
        if self._filled < self._length:
            return None
        return _response(self._head, self._body.getvalue(), reusable=True)


def parse_response(data: bytes, *, ended: bool) -> ParsedResponse | LongBody | None:
    """The response in ``data``; None while it is incomplete. ``ended``: the server closed the connection.

    A ``LongBody`` is returned in place of None where it can take the rest. Raises ``InvalidResponse``; its text holds
    nothing of ``data``, which may contain item data.
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
        _check_incomplete(len(head) + int(length), ended=ended)
        return LongBody(lower, int(length), body)
    if missing:
        body = body[: int(length)]
    return _response(lower, body, reusable=not (missing or ended))


def _response(lower: bytes, body: bytes, *, reusable: bool) -> ParsedResponse:
    _check_checksum(lower, body)
    return ParsedResponse(int(lower[9:12]), body, reusable, _header(lower, _CONTENT_TYPE) or b"")


def _parse_unusual(data: bytes, lower: bytes, *, ended: bool) -> ParsedResponse | None:
    """Chunked, HTTP/1.0, or without a length: parsed by the standard library."""
    response = HTTPResponse(_BufferSocket(data), method="POST")  # type: ignore[arg-type]  # it only calls makefile
    try:
        response.begin()
        if response.length is None and not response.chunked and not ended:
            _check_incomplete(len(data), ended=ended)
            return None
        body = response.read()
    except IncompleteRead:
        _check_incomplete(len(data), ended=ended)
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
    if not checksum.isdigit() or len(checksum) > 10 or int(checksum) != crc32(body):
        raise InvalidResponse("the response does not match its checksum (x-amz-crc32)")


def _check_incomplete(known_bytes: int, *, ended: bool) -> None:
    """Raises ``InvalidResponse`` if the rest can never arrive, or if the response is too long to wait for."""
    if ended:
        raise InvalidResponse(_CUT_OFF)
    if known_bytes > _MAX_RESPONSE_BYTES:
        raise InvalidResponse("the response is longer than any response of DynamoDB")


class _BufferSocket:
    """The part of a socket that ``HTTPResponse`` uses."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._data)
