"""A small proxy in front of a DynamoDB server that does to requests what no emulator does: throttle, lose, cut."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Gets the operation and the body; answers in the server's place with status and body, None lets it through.
Rule = Callable[[str, bytes], "tuple[int, bytes] | None"]
RESET = (-1, b"")  # instead of an answer: the connection is reset, before the server has seen the request
RESET_AFTER = (-2, b"")  # the server has done it, but its answer is lost


class FaultProxy:
    """Counts what it saw by operation, and what the rule answered by status.

    ``tls`` is a file with certificate and key: it speaks HTTPS then.
    """

    def __init__(self, target: str, rule: Rule, *, tls: Path | None = None) -> None:
        parts = urlsplit(target)
        self.seen: Counter[str] = Counter()
        self.faults: Counter[int] = Counter()
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
                with proxy.lock:
                    proxy.seen[operation] += 1
                    answer = rule(operation, body)
                    if answer is not None:
                        proxy.faults[answer[0]] += 1
                if answer == RESET:
                    self._reset()
                    return
                if answer is None or answer == RESET_AFTER:
                    status, said = self._forward(body)
                    if answer == RESET_AFTER:
                        self._reset()
                        return
                else:
                    status, said = answer
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def _forward(self, body: bytes) -> tuple[int, bytes]:
                connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                said = answer.read()
                connection.close()
                return answer.status, said

            def _reset(self) -> None:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, 0 seconds: closing sends RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            request_queue_size = 512
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                return  # clients that are killed reset their connections

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
