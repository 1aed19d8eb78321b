"""The answer in the bytes that a connection has received so far (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final, NamedTuple

_LONGEST: Final = 64 << 20  # more than the largest request with all its items unprocessed
_LONGEST_HEAD: Final = 64 << 10
_LENGTH: Final = b"\r\ncontent-length:"


class BadAnswer(Exception):
    """What came is not HTTP, or ended too early."""


class Response(NamedTuple):
    """``keep`` is whether the connection may be used again."""

    status: int
    body: bytes
    keep: bool


def parse(data: bytes, *, ended: bool) -> Response | None:
    """The one answer in ``data``, None if there is more to come; ``ended`` if the server has hung up.

    Raises ``BadAnswer``.
    """
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        if ended:
            raise BadAnswer("the server hung up" + (" in the middle of its answer" if data else ""))
        if len(data) > _LONGEST_HEAD:
            raise BadAnswer("the answer is not HTTP")
        return None
    lower = head.lower()
    place = lower.find(_LENGTH)
    # What DynamoDB answers, and all servers that know how long their answer is; the rest is for http.client.
    if place < 0 or lower[:9] != b"http/1.1 " or b"chunked" in lower or b"close" in lower:
        return _unusual(data, ended=ended)
    start, end = place + len(_LENGTH), lower.find(b"\r", place + len(_LENGTH))
    length = lower[start : end if end > 0 else None].strip()
    if not length.isdigit() or len(length) > 9 or not lower[9:12].isdigit():
        raise BadAnswer("the answer is not HTTP")
    missing = int(length) - len(body)
    if missing > 0:
        _wait_for_more(data, ended=ended)
        return None
    return Response(int(lower[9:12]), body[: int(length)] if missing else body, keep=not (missing or ended))


def _unusual(data: bytes, *, ended: bool) -> Response | None:
    """In chunks, until the server hangs up, with HTTP/1.0: by the standard library."""
    response = HTTPResponse(_Received(data), method="POST")  # type: ignore[arg-type]  # only makefile is asked for
    try:
        response.begin()
        if response.length is None and not response.chunked and not ended:
            _wait_for_more(data, ended=ended)
            return None
        body = response.read()
    except IncompleteRead:
        _wait_for_more(data, ended=ended)
        return None
    except (HTTPException, ValueError) as error:
        raise BadAnswer("the answer is not HTTP") from error
    return Response(response.status, body, keep=not (response.will_close or ended))


def _wait_for_more(data: bytes, *, ended: bool) -> None:
    if ended:
        raise BadAnswer("the server hung up in the middle of its answer")
    if len(data) > _LONGEST:
        raise BadAnswer("the answer is longer than any of DynamoDB's")


class _Received:
    """As much of a socket as ``HTTPResponse`` wants."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._data)
