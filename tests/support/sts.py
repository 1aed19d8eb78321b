"""An STS whose credentials are valid for as long as the test says, and that records its requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

_RESPONSE = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token-{key}</SessionToken>
<Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser><Arn>{arn}/ddbbackup</Arn>
<AssumedRoleId>AROA:ddbbackup</AssumedRoleId></AssumedRoleUser></AssumeRoleResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>"""


_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"""


@dataclass(frozen=True)
class AssumeRole:
    """One request: the key that signed it, the region it was signed for, and the key that was issued."""

    access_key: str
    region: str
    role: str
    external_id: str | None
    issued_key: str


class Sts:
    """A server on loopback. Every response has new keys: ``ASIA1``, ``ASIA2``, …

    ``expired`` are access keys that it rejects. While it is ``failing``, it answers 503.
    """

    def __init__(self, validity: timedelta = timedelta(hours=1)) -> None:
        self.validity = validity
        self.requests: list[AssumeRole] = []
        self.expired: set[str] = set()
        self.failing = False
        sts = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                parameters = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                assert parameters["Action"] == ["AssumeRole"]
                scope = self.headers["Authorization"].partition("Credential=")[2].split("/")
                if sts.failing:
                    self._answer(503, _ERROR.format(code="ServiceUnavailable", message="try later"))
                    return
                if scope[0] in sts.expired:
                    message = "The security token included in the request is expired"
                    self._answer(400, _ERROR.format(code="ExpiredToken", message=message))
                    return
                with sts._lock:
                    key = f"ASIA{len(sts.requests) + 1}"
                    external = parameters.get("ExternalId", [None])[0]
                    sts.requests.append(
                        AssumeRole(scope[0], scope[2], parameters["RoleArn"][0], external, key)
                    )
                expires = (datetime.now(UTC) + sts.validity).strftime("%Y-%m-%dT%H:%M:%SZ")
                self._answer(200, _RESPONSE.format(key=key, expiration=expires, arn=parameters["RoleArn"][0]))

            def _answer(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                return

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Sts:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
