"""Responses, parsed from the bytes received so far."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.bulk_http.response import InvalidResponse, LongBody, ParsedResponse, parse_response

JSON = b"application/x-amz-json-1.0"
bodies = st.binary(max_size=300)
statuses = st.integers(200, 599)
# Fragments of responses, so that the search gets beyond the status line.
pieces = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/1.0 200 OK",
        b"200 OK",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: ",
        b"7",
        b"-1",
        b"x",
        b"Transfer-Encoding: chunked",
        b"Connection: close",
        b"5;a=b\r\nhello\r\n",
        b"0\r\n\r\n",
        b"\xff\x00",
        b":",
    ]
)


def with_length(status: int, body: bytes, name: bytes = b"Content-Length") -> bytes:
    head = (
        b"HTTP/1.1 %d Reason\r\nContent-Type: application/x-amz-json-1.0\r\n%b: %d\r\nx-amz-crc32: %d\r\n\r\n"
    )
    return head % (status, name, len(body), zlib.crc32(body)) + body


@given(status=statuses, body=bodies, name=st.sampled_from([b"Content-Length", b"content-length"]))
def test_a_response_is_complete_with_its_last_byte(status: int, body: bytes, name: bytes) -> None:
    """No shorter part of it is accepted. Once its head has arrived, the rest is collected without it."""
    data = with_length(status, body, name)
    head_ends = data.index(b"\r\n\r\n") + 4
    assert all(parse_response(data[:end], ended=False) is None for end in range(head_ends))
    assert parse_response(data, ended=False) == ParsedResponse(status, body, True, JSON)
    for end in range(head_ends, len(data)):
        assert isinstance(parse_response(data[:end], ended=False), LongBody)


@given(body=bodies.filter(bool), sizes=st.lists(st.integers(1, 40), max_size=8), start=st.integers(0, 299))
def test_a_long_body_is_the_same_in_pieces_of_any_size(body: bytes, sizes: list[int], start: int) -> None:
    """As a page of a scan arrives: nothing is looked at twice, and the checksum is compared at the end."""
    data = with_length(200, body)
    rest = body[min(start, len(body) - 1) :]
    collected = parse_response(data[: len(data) - len(rest)], ended=False)
    assert isinstance(collected, LongBody)
    for size in [*sizes, len(rest)]:
        piece, rest = rest[:size], rest[size:]
        with collected.room() as room:
            room[: len(piece)] = piece
        response = collected.add(len(piece))
        if not rest:
            break
        assert response is None
    assert response == ParsedResponse(200, body, True, JSON)


def test_a_long_body_that_ends_early_or_is_damaged_is_invalid() -> None:
    """As any other response."""
    data = with_length(200, b"abcdef")
    ends, differs = (parse_response(data[:-3], ended=False) for _ in range(2))
    assert isinstance(ends, LongBody)
    assert isinstance(differs, LongBody)
    with pytest.raises(InvalidResponse, match="in the middle"):
        ends.add(0)
    with differs.room() as room:
        room[:3] = b"xxx"
    with pytest.raises(InvalidResponse, match="does not match its checksum"):
        differs.add(3)


@given(body=bodies.filter(bool), sizes=st.lists(st.integers(1, 40), max_size=5))
def test_chunks_are_joined(body: bytes, sizes: list[int]) -> None:
    """As proxies send them, with chunks of any size."""
    rest, sent = body, b""
    for size in sizes:
        part, rest = rest[:size], rest[size:]
        if part:
            sent += b"%x\r\n%b\r\n" % (len(part), part)
    if rest:
        sent += b"%x\r\n%b\r\n" % (len(rest), rest)
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + sent + b"0\r\n\r\n"
    assert parse_response(data[:-6], ended=False) is None
    assert parse_response(data, ended=False) == ParsedResponse(200, body, True, b"")


@pytest.mark.parametrize(
    ("head", "ended", "expected"),
    [
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2",
            False,
            ParsedResponse(200, b"{}", False, b""),
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2", False, ParsedResponse(200, b"{}", False, b"")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2", True, ParsedResponse(200, b"{}", False, b"")),
        (b"HTTP/1.1 200 OK", False, None),
        (b"HTTP/1.1 200 OK", True, ParsedResponse(200, b"{}", False, b"")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1", False, ParsedResponse(200, b"{", False, b"")),
    ],
)
def test_a_connection_is_reused_only_if_the_next_response_starts_at_a_known_byte(
    head: bytes, ended: bool, expected: ParsedResponse | None
) -> None:
    """Not after `Connection: close`, HTTP/1.0, a closed connection, or more bytes than Content-Length."""
    assert parse_response(head + b"\r\n\r\n{}", ended=ended) == expected


@pytest.mark.parametrize(
    ("data", "ended", "reason"),
    [
        (b"", True, "closed the connection$"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", True, "in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", True, "in the middle"),
        (b"HTTP/1.1 200", True, "in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", False, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}", False, "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", False, "not HTTP"),
        (b"x" * (65 << 10), False, "not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}",
            False,
            "longer than any response",
        ),
    ],
)
def test_invalid_responses_are_reported(data: bytes, ended: bool, reason: str) -> None:
    """Without the bytes received, which may contain item data."""
    with pytest.raises(InvalidResponse, match=reason):
        parse_response(data, ended=ended)


@given(data=st.lists(pieces, max_size=12).map(b"".join) | st.binary(max_size=80), ended=st.booleans())
def test_no_server_can_cause_another_error(data: bytes, ended: bool) -> None:
    """Any bytes are a response, an incomplete response, or invalid."""
    for start in (b"", b"HTTP/1.1 200 OK\r\n"):
        try:
            response = parse_response(start + data, ended=ended)
        except InvalidResponse:
            continue
        if isinstance(response, ParsedResponse):
            assert isinstance(response.status, int)
            assert not (response.reusable and ended)
        else:
            assert response is None or not ended


@pytest.mark.parametrize("more", [b"", b"Transfer-Encoding: chunked\r\n"])
@given(body=bodies, flip=st.integers(0, 7), at=st.integers(0, 10_000))
def test_a_response_that_differs_from_its_checksum_is_invalid(
    more: bytes, body: bytes, flip: int, at: int
) -> None:
    """One bit is enough, whatever the transfer encoding."""
    changed = bytearray(body or b"x")
    changed[at % len(changed)] ^= 1 << flip
    sent = bytes(changed)
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(sent), sent) if more else sent
    length = b"" if more else b"Content-Length: %d\r\n" % len(sent)
    data = b"HTTP/1.1 200 OK\r\nX-Amz-Crc32: %d\r\n%b%b\r\n" % (zlib.crc32(body), more, length) + framed
    with pytest.raises(InvalidResponse, match="does not match its checksum"):
        parse_response(data, ended=False)


def test_the_checksum_of_an_encoded_body_is_not_compared() -> None:
    """It is that of another form of the body, which we do not ask for."""
    body = gzip.compress(b"{}")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nx-amz-crc32: 7\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    response = parse_response(head + body, ended=False)
    assert isinstance(response, ParsedResponse)
    assert response.body == body


def test_the_content_type_is_compared_without_case() -> None:
    """As HTTP demands."""
    data = b"HTTP/1.1 200 OK\r\nCONTENT-TYPE:  Application/X-Amz-JSON-1.0 \r\nContent-Length: 2\r\n\r\n{}"
    response = parse_response(data, ended=False)
    assert isinstance(response, ParsedResponse)
    assert response.content_type == JSON
