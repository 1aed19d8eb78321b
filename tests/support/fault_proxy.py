"""A proxy in front of a DynamoDB server that injects faults: throttling, lost responses, reset connections."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Receives operation and body. Returns status and body to respond in place of the server, None to forward.
Rule = Callable[[str, bytes], "tuple[int, bytes] | None"]
RESET = (-1, b"")  # resets the connection before the server has seen the request
RESET_AFTER = (-2, b"")  # the server carries out the request, but its response is lost


def denies(*operations: str) -> Rule:
    """A rule of the proxy: access to these operations is denied."""

    def deny(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation not in operations:
            return None
        code = "com.amazon.coral.service#AccessDeniedException"
        user = "arn:aws:iam::123456789012:user/ci"
        message = f"User: {user} is not authorized to perform: dynamodb:{operation}"
        return 400, json.dumps({"__type": code, "message": message}).encode()

    return deny


class FaultProxy:
    """``seen`` counts requests by operation, ``faults`` the responses of the rule by status.

    With ``tls``, a file with a certificate and its key, the proxy itself is reached over HTTPS.
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
                    response = rule(operation, body)
                    if response is not None:
                        proxy.faults[response[0]] += 1
                if response == RESET:
                    self._reset()
                    return
                if response is None or response == RESET_AFTER:
                    status, payload = self._forward(body)
                    if response == RESET_AFTER:
                        self._reset()
                        return
                else:
                    status, payload = response
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def _forward(self, body: bytes) -> tuple[int, bytes]:
                connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
                connection.request("POST", self.path, body, headers)
                response = connection.getresponse()
                payload = response.read()
                connection.close()
                return response.status, payload

            def _reset(self) -> None:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # enabled, 0 seconds: close sends RST
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
