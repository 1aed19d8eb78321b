"""A TCP server that runs a script for every connection: for behavior that no HTTP server offers."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

Script = Callable[[socket.socket], None]


class RawServer:
    """``connections`` counts the accepted connections. A connection is closed when its script returns."""

    def __init__(self, script: Script, *, tls: Path | None = None) -> None:
        self.connections = 0
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._context: ssl.SSLContext | None = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context is None:
                self._script(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as encrypted:
                    self._script(encrypted)


def read_request(connection: socket.socket) -> bytes:
    """One complete request, head and body; empty if the client closed the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def response_with(body: bytes, *headers: bytes) -> bytes:
    """Status 200 with this body and these additional headers."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def tunnel(user: str, password: str, seen: list[str]) -> Script:
    """A proxy for CONNECT: 407 without these credentials, otherwise it copies bytes in both directions."""
    expected = b"basic " + base64.b64encode(f"{user}:{password}".encode()).lower()

    def script(client: socket.socket) -> None:
        head = read_request(client)
        target = head.split(b" ")[1].decode()
        seen.append(target)
        if expected not in head.lower():
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upstream = threading.Thread(target=_copy, args=(client, server), daemon=True)
            upstream.start()
            _copy(server, client)
            upstream.join()

    return script


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
