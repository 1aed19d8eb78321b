"""One connection and the one request that is on it at a time. Never blocks."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any, Final

from ddbbackup.aws.bulk_http.response import Response, parse

_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_RECEIVE_BYTES: Final = 16 << 10


class Channel:
    """``tag`` is whose request it is, ``unsent`` what of it the socket has not taken yet."""

    __slots__ = ("_received", "begun_at", "idle_since", "socket", "tag", "unsent")

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.tag: Any = None
        self.begun_at = self.idle_since = 0.0
        self.unsent: bytes | memoryview = b""
        self._received = b""

    def begin(self, tag: Any, request: bytes) -> bool:
        """Whether all of it could be sent at once; if not, ``flush`` when the socket is ready. Raises ``OSError``."""
        self.tag, self.begun_at = tag, time.monotonic()
        self.unsent, self._received = request, b""
        return self.flush()

    def flush(self) -> bool:
        """Whether nothing is left to be sent. Raises ``OSError``."""
        try:
            while (sent := self.socket.send(self.unsent)) < len(self.unsent):
                self.unsent = memoryview(self.unsent)[sent:]
        except _NOT_NOW:
            return False
        self.unsent = b""
        return True

    def receive(self) -> Response | None:
        """The answer, once it is whole. Raises ``OSError`` or ``BadAnswer``; the connection is of no use then."""
        try:
            while True:
                data = self.socket.recv(_RECEIVE_BYTES)
                received = self._received + data if self._received else data
                response = parse(received, ended=not data)
                if response is not None:
                    return response
                self._received = received
        except _NOT_NOW:
            return None

    def is_quiet(self) -> bool:
        """False if the server hung up, or says what nobody asked: no more requests on this one.

        TLS has its own to say meanwhile (session tickets), which is quiet.
        """
        try:
            self.socket.recv(1)
        except _NOT_NOW:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        self.socket.close()
