"""A proxy in front of an AWS endpoint that records every request and can spoil any answer, byte by byte.

``fault_proxy`` covers DynamoDB alone. This one also knows S3 and STS, names every request after its API operation,
and lets a fault decide whether AWS sees the request and which bytes the client gets.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "server", "date", "content-length"}
_BUCKET_SUBRESOURCES = (
    "encryption",
    "lifecycle",
    "location",
    "object-lock",
    "policyStatus",
    "publicAccessBlock",
    "versioning",
)


@dataclass(frozen=True)
class Request:
    """``number`` counts the requests of one proxy from 0. ``operation`` is for example ``GetObject:record``.

    Names of ``headers`` are in lower case.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    service: Literal["dynamodb", "s3", "sts", "other"]
    operation: str

    @property
    def access_key(self) -> str:
        """The id of the access key that signed the request; empty if none did."""
        return self.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]

    @property
    def key(self) -> tuple[str, str]:
        """Bucket and object key of an S3 request."""
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return bucket, key

    @property
    def keys(self) -> list[str]:
        """Object keys of an S3 request: those of its body if it deletes many."""
        if self.operation != "DeleteObjects":
            return [self.key[1]]
        return [each.text or "" for each in ElementTree.fromstring(self.body).iterfind(".//{*}Key")]


@dataclass(frozen=True)
class Reply:
    """What the server answered; ``body`` is empty for HEAD, whose Content-Length stays among ``headers``."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    to_head: bool = False

    @property
    def head(self) -> bytes:
        phrase = http.client.responses.get(self.status, "Unknown")
        headers = list(self.headers)
        if not self.to_head:
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"HTTP/1.1 {self.status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    @property
    def wire(self) -> bytes:
        return self.head + self.body


@dataclass(frozen=True)
class Delivery:
    """Bytes for the client. ``then``: what happens to the connection after them. ``seconds``: how long they take."""

    data: bytes
    then: Literal["keep", "close", "reset"] = "keep"
    seconds: float = 0.0


RESET = Delivery(b"", then="reset")


@dataclass(frozen=True)
class Exchange:
    """One request that a fault has in hand. ``forward`` lets AWS carry it out and returns the answer."""

    request: Request
    forward: Callable[[], Reply]


Fault = Callable[[Exchange], Delivery]
Rule = Callable[[Request], "Fault | None"]


class AwsProxy:
    """``requests`` holds every request in order; ``rule`` chooses a fault for a request, or None to forward it."""

    def __init__(self, target: str, rule: Rule = lambda request: None) -> None:
        self.rule = rule
        self.requests: list[Request] = []
        self._target = urlsplit(target)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request, fault = proxy._admit(self.command, self.path, dict(self.headers.items()), body)
                exchange = Exchange(request, lambda: proxy._forward(request))
                with contextlib.suppress(OSError):
                    delivery = fault(exchange) if fault else Delivery(exchange.forward().wire)
                    self._deliver(delivery)
                    return
                self.close_connection = True

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _take  # noqa: N815 - the names that http.server calls

            def _deliver(self, delivery: Delivery) -> None:
                pieces = 8 if delivery.seconds else 1
                size = -(-len(delivery.data) // pieces) or 1
                for start in range(0, len(delivery.data), size):
                    time.sleep(delivery.seconds / pieces)
                    self.wfile.write(delivery.data[start : start + size])
                    self.wfile.flush()
                if delivery.then == "reset":
                    linger = struct.pack("ii", 1, 0)  # enabled, 0 seconds: close sends RST
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = delivery.then != "keep"

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 512
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                """Clients that are killed reset their connections."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> AwsProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _admit(
        self, method: str, path: str, sent: Mapping[str, str], body: bytes
    ) -> tuple[Request, Fault | None]:
        headers = {name.lower(): value for name, value in sent.items()}
        service, operation = _operation(method, path, headers, body)
        with self._lock:
            request = Request(len(self.requests), method, path, headers, body, service, operation)
            self.requests.append(request)
        return request, self.rule(request)

    def _forward(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=120)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("connection", "expect", "transfer-encoding")
        }
        try:
            connection.request(request.method, request.path, request.body, headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        to_head = request.method == "HEAD"
        dropped = _HOP_BY_HOP - ({"content-length"} if to_head else set())
        kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in dropped)
        return Reply(response.status, kept, body, to_head=to_head)


def _operation(
    method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[Literal["dynamodb", "s3", "sts", "other"], str]:
    target = headers.get("x-amz-target")
    if target:
        return "dynamodb" if target.startswith("DynamoDB_") else "other", target.rpartition(".")[2]
    if method == "POST" and b"Action=" in body[:4096]:
        return "sts", parse_qs(body.decode())["Action"][0]
    url = urlsplit(path)
    query = parse_qs(url.query, keep_blank_values=True)
    _, _, key = unquote(url.path).lstrip("/").partition("/")
    if key:
        return "s3", f"{_OBJECT_CALLS.get(method, method)}:{subject_of(key)}"
    if method == "POST" and "delete" in query:
        return "s3", "DeleteObjects"
    if method == "GET" and not any(each in query for each in _BUCKET_SUBRESOURCES):
        return "s3", "ListObjectsV2"
    if method == "GET":
        (subresource,) = [each for each in _BUCKET_SUBRESOURCES if each in query][:1]
        return "s3", f"GetBucket:{subresource}"
    return "s3", f"{method.title()}Bucket"


_OBJECT_CALLS = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}


def subject_of(key: str) -> str:
    """What an object of a vault is: a manifest, a data file, or one of ddbbackup's own documents."""
    name = key.rpartition("/")[2]
    if name.endswith(".md5"):
        return "md5"
    if name.startswith("manifest-"):
        return name.removeprefix("manifest-").removesuffix(".json")
    if "ddbbackup/_restores/" in key:
        return "state"
    if "/tables/" in key and "ddbbackup/" in key:
        return "description"
    if "bulk-put-reports/" in key:
        return "report"
    if "/data/" in key:
        return "data"
    if name == "summary.json" and "ddbbackup/" in key:
        return "known"
    return "record" if "ddbbackup/" in key and name.endswith(".json") else "other"
