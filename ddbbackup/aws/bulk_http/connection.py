"""One connection and the one request that is on it at a time. Never blocks."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Final

from ddbbackup.aws.bulk_http.response import LongBody, ParsedResponse, parse_response

_WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_RECEIVE_BYTES: Final = 16 << 10


class PersistentConnection:
    """``unsent`` is the part of the request that the socket has not accepted yet; times are monotonic seconds."""

    __slots__ = ("_long", "_received", "idle_since", "socket", "started_at", "unsent")

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.started_at = self.idle_since = 0.0
        self.unsent: bytes | memoryview = b""
        self._received = b""
        self._long: LongBody | None = None

    def start(self, request: bytes) -> bool:
        """True if all of the request is sent; if not, ``flush`` when the socket is writable. Raises ``OSError``."""
        self.started_at = time.monotonic()
        self.unsent, self._received, self._long = request, b"", None
        return self.flush()

    def flush(self) -> bool:
        """True once nothing is left to be sent. Raises ``OSError``."""
        try:
            while (sent := self.socket.send(self.unsent)) < len(self.unsent):
                self.unsent = memoryview(self.unsent)[sent:]
        except _WOULD_BLOCK:
            return False
        self.unsent = b""
        return True

    def receive(self) -> ParsedResponse | None:
        """The response once it is complete, else None.

        Raises ``OSError`` or ``InvalidResponse``; close the connection then.
        """
        try:
            while True:
                response = self._receive_long(self._long) if self._long is not None else self._receive_short()
                if isinstance(response, ParsedResponse):
                    return response
                self._long = response
        except _WOULD_BLOCK:
            return None

    def _receive_short(self) -> ParsedResponse | LongBody | None:
        data = self.socket.recv(_RECEIVE_BYTES)
        received = self._received + data if self._received else data
        response = parse_response(received, ended=not data)
        if response is None:
            self._received = received
        return response

    def _receive_long(self, body: LongBody) -> ParsedResponse | LongBody:
        with body.room() as room:
            count = self.socket.recv_into(room)
        return body.add(count) or body

    def is_reusable(self) -> bool:
        """False if the server closed the connection, or sent something that was not requested.

        TLS handles its own messages (session tickets) inside ``recv``; they do not count.
        """
        try:
            self.socket.recv(1)
        except _WOULD_BLOCK:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        self.socket.close()
