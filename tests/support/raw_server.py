"""A TCP server whose every connection is a function: for what no HTTP server does on purpose."""

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
    """``connections`` counts. A script that ends hangs up."""

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
                with self._context.wrap_socket(connection, server_side=True) as sealed:
                    self._script(sealed)


def request_on(connection: socket.socket) -> bytes:
    """One whole request, head and body; empty if the client hung up."""
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


def answer(body: bytes, *headers: bytes) -> bytes:
    """200 with this body and as many more headers."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def tunnel(user: str, password: str, seen: list[str]) -> Script:
    """What a proxy does with CONNECT: 407 without this user, otherwise bytes to and fro."""
    wanted = b"basic " + base64.b64encode(f"{user}:{password}".encode()).lower()

    def script(client: socket.socket) -> None:
        head = request_on(client)
        target = head.split(b" ")[1].decode()
        seen.append(target)
        if wanted not in head.lower():
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            there = threading.Thread(target=_pump, args=(client, server), daemon=True)
            there.start()
            _pump(server, client)
            there.join()

    return script


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
