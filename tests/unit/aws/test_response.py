"""Answers, read from the bytes that are there so far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.bulk_http.response import BadAnswer, Response, parse

bodies = st.binary(max_size=300)
statuses = st.integers(200, 599)
# Shaped as answers are, so that the search gets beyond the first line.
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


def known_length(status: int, body: bytes, name: bytes = b"Content-Length") -> bytes:
    return b"HTTP/1.1 %d Said\r\nServer: x\r\n%b: %d\r\nx-amz-crc32: 1\r\n\r\n%b" % (
        status,
        name,
        len(body),
        body,
    )


@given(status=statuses, body=bodies, name=st.sampled_from([b"Content-Length", b"content-length"]))
def test_an_answer_is_there_when_its_last_byte_is(status: int, body: bytes, name: bytes) -> None:
    """No beginning of it is taken for the whole."""
    data = known_length(status, body, name)
    assert all(parse(data[:end], ended=False) is None for end in range(len(data)))
    assert parse(data, ended=False) == Response(status, body, keep=True)


@given(body=bodies.filter(bool), sizes=st.lists(st.integers(1, 40), max_size=5))
def test_chunks_are_put_together(body: bytes, sizes: list[int]) -> None:
    """As proxies send them, however they are cut."""
    rest, sent = body, b""
    for size in sizes:
        part, rest = rest[:size], rest[size:]
        if part:
            sent += b"%x\r\n%b\r\n" % (len(part), part)
    if rest:
        sent += b"%x\r\n%b\r\n" % (len(rest), rest)
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + sent + b"0\r\n\r\n"
    assert parse(data[:-6], ended=False) is None
    assert parse(data, ended=False) == Response(200, body, keep=True)


@pytest.mark.parametrize(
    ("head", "ended", "found"),
    [
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2",
            False,
            Response(200, b"{}", keep=False),
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2", False, Response(200, b"{}", keep=False)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2", True, Response(200, b"{}", keep=False)),
        (b"HTTP/1.1 200 OK", False, None),
        (b"HTTP/1.1 200 OK", True, Response(200, b"{}", keep=False)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1", False, Response(200, b"{", keep=False)),
    ],
)
def test_a_connection_is_kept_only_where_the_next_answer_can_be_told_apart(
    head: bytes, ended: bool, found: Response | None
) -> None:
    """Not after "close", HTTP/1.0, the server's hanging up, or more bytes than were announced."""
    assert parse(head + b"\r\n\r\n{}", ended=ended) == found


@pytest.mark.parametrize(
    ("data", "ended", "why"),
    [
        (b"", True, "hung up$"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", True, "in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", True, "in the middle"),
        (b"HTTP/1.1 200", True, "in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", False, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}", False, "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", False, "not HTTP"),
        (b"x" * (65 << 10), False, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + bytes(65 << 20), False, "longer than any"),
    ],
)
def test_what_is_no_answer_is_said(data: bytes, ended: bool, why: str) -> None:
    """With nothing of what came in it: it may hold item data."""
    with pytest.raises(BadAnswer, match=why):
        parse(data, ended=ended)


@given(data=st.lists(pieces, max_size=12).map(b"".join) | st.binary(max_size=80), ended=st.booleans())
def test_no_server_can_make_it_stumble(data: bytes, ended: bool) -> None:
    """Whatever comes is an answer, a beginning of one, or bad."""
    for start in (b"", b"HTTP/1.1 200 OK\r\n"):
        try:
            found = parse(start + data, ended=ended)
        except BadAnswer:
            continue
        assert found is None or (isinstance(found.status, int) and not (found.keep and ended))
