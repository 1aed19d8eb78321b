"""AWS that answers as a test says, over HTTP on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.session import Connection

SERVICES = ("dynamodb", "s3", "sts", "kms", "application-autoscaling")
Answer = tuple[int, bytes, dict[str, str]]
"""Status, body and further headers."""


@contextmanager
def scripted_aws(answer: Callable[[str], Answer]) -> Iterator[AwsCloud]:
    """``answer`` gets the Authorization header of each request, of any service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body, headers = answer(self.headers["Authorization"])
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Writes nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield AwsCloud(Connection(region="eu-west-1", endpoint_urls=tuple((each, url) for each in SERVICES)))
    finally:
        server.shutdown()
        server.server_close()
