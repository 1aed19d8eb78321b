"""Connections are opened by threads, several at a time: names, TCP and TLS take their time, and block."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from typing import Final

from ddbbackup.aws.bulk_http.endpoint import Dialer

_AT_A_TIME: Final = 16


class Dialing:
    """``bell`` is readable when there are ``results``."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._results: queue.SimpleQueue[socket.socket | str] = queue.SimpleQueue()
        self.bell, self._rope = socket.socketpair()
        self.bell.setblocking(False)
        self._rope.setblocking(False)
        self._underway = 0
        self._closed = False

    def want(self, connections: int) -> None:
        """Sees to it that so many are underway, as far as that many may be at a time."""
        while self._underway < min(connections, _AT_A_TIME):
            self._underway += 1
            # A daemon: nobody waits for it at the end.
            threading.Thread(target=self._dial, name="connect", daemon=True).start()

    def results(self) -> list[socket.socket | str]:
        """Each a connected socket, or why there is none."""
        with contextlib.suppress(BlockingIOError):
            self.bell.recv(4096)
        found = self._taken()
        self._underway -= len(found)
        return found

    def close(self) -> None:
        self._closed = True
        self._hang_up()
        self.bell.close()
        self._rope.close()

    def _dial(self) -> None:
        try:
            found: socket.socket | str = self._dialer.connect()
        except Exception as error:  # noqa: BLE001  # whoever waits for it must hear of it, whatever it is
            found = f"no connection: {error}"
        self._results.put(found)
        with contextlib.suppress(OSError):  # it rings already, or is taken down
            self._rope.send(b"\0")
        if self._closed:
            self._hang_up()

    def _hang_up(self) -> None:
        for found in self._taken():
            if not isinstance(found, str):
                found.close()

    def _taken(self) -> list[socket.socket | str]:
        found: list[socket.socket | str] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._results.get_nowait())
        return found
