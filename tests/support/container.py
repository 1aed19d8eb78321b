"""The credentials endpoint of a container, as ECS and the Pod Identity agent of EKS provide it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ContainerEndpoint:
    """A server on loopback. ``answer`` replaces what it answers: a status and a body."""

    def __init__(self, *, validity: timedelta = timedelta(hours=1)) -> None:
        self.validity = validity
        self.answer: tuple[int, str] | None = None
        self.served = self.spoiled = 0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = endpoint._answer()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                return

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/credentials"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> ContainerEndpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self) -> tuple[int, str]:
        with self._lock:
            if self.answer is not None:
                self.spoiled += 1
                return self.answer
            self.served += 1
        expires = (datetime.now(UTC) + self.validity).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "s", "Token": "t", "Expiration": expires}
        return 200, json.dumps(keys)
