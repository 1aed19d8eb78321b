"""Makes moto reject keys of a role after their session has expired, in the form of each service.

AWS rejects every request that is signed with them, also those that were on the way when the session expired.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sts.models import AssumedRole, STSBackend

_CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]*/([^/]+)/")
_EXPIRED: Final = "The security token included in the request is expired"
_S3: Final = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_QUERY: Final = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    f"<Code>ExpiredToken</Code><Message>{_EXPIRED}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>"
)
_CALL: Final = DomainDispatcherApplication.__call__
_ASSUME_ROLE: Final = STSBackend.assume_role


class MotoSessionKeys:
    """The keys that the STS of the sandbox has issued, in order, and how many requests each has signed.

    ``max_requests`` ends a session early, after so many requests: what a client cannot foresee.
    """

    def __init__(self) -> None:
        self.issued: list[AssumedRole] = []
        self.requests: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.max_requests: int | None = None
        self._by_key: dict[str, AssumedRole] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Replaces the application of moto's server, and the AssumeRole of moto's STS."""
        keys = self

        def assume_role(self: STSBackend, *arguments: Any, **members: Any) -> AssumedRole:
            role = _ASSUME_ROLE(self, *arguments, **members)
            keys.note(role)
            return role

        def respond(self: DomainDispatcherApplication, environ: dict[str, Any], start: Any) -> Any:
            found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
            if found is None or not keys.has_expired(found[1]):
                return _CALL(self, environ, start)
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return _reject(found[2], environ, start)

        STSBackend.assume_role = assume_role  # type: ignore[method-assign] # moto has no hook for it
        DomainDispatcherApplication.__call__ = respond  # type: ignore[assignment, method-assign] # as above

    def note(self, role: AssumedRole) -> None:
        with self._lock:
            self.issued.append(role)
            self._by_key[role.access_key_id] = role

    def has_expired(self, access_key: str) -> bool:
        """Counts the request."""
        role = self._by_key.get(access_key)
        if role is None:
            return False
        with self._lock:
            self.requests[access_key] += 1
            ended = self.max_requests is not None and self.requests[access_key] > self.max_requests
            if ended or role.expiration.replace(tzinfo=UTC) <= datetime.now(UTC):
                self.rejected[access_key] += 1
                return True
        return False


def _reject(service: str, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Status and form by service (API references: Common errors). A response to HEAD has no body."""
    if "HTTP_X_AMZ_TARGET" in environ:
        error = {"__type": "com.amazon.coral.service#ExpiredTokenException", "message": _EXPIRED}
        status, kind, body = "400 Bad Request", "application/x-amz-json-1.0", json.dumps(error).encode()
    elif service == "s3":
        status, kind, body = "400 Bad Request", "application/xml", _S3.encode()
    else:
        status, kind, body = "403 Forbidden", "text/xml", _QUERY.encode()
    if environ["REQUEST_METHOD"] == "HEAD":
        body = b""
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
