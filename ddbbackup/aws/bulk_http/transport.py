"""Many requests at a time to one DynamoDB endpoint, each on a persistent connection of its own."""

from __future__ import annotations

import selectors
import time
from collections import deque
from typing import Final, Generic, TypeVar

from ddbbackup import __version__
from ddbbackup.aws.bulk_http.connection import PersistentConnection
from ddbbackup.aws.bulk_http.connector import ConnectionOpener, Connector
from ddbbackup.aws.bulk_http.endpoint import Endpoint
from ddbbackup.aws.bulk_http.response import InvalidResponse, ParsedResponse
from ddbbackup.aws.bulk_http.signature import Signer
from ddbbackup.aws.credentials import CredentialSource
from ddbbackup.errors import CertificateRejected
from ddbbackup.ports import AccessKeys, BulkOperation, BulkResponse

_RESPONSE_TIMEOUT_SECONDS: Final = 60
_TIMEOUT_CHECK_SECONDS: Final = 1.0
_CREDENTIAL_CHECK_SECONDS: Final = 1.0
_RECHECK_IDLE_SECONDS: Final = 0.05  # a connection that was idle for longer is checked before it is reused
_TARGET_PREFIX: Final = "DynamoDB_20120810."
_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE
Tag = TypeVar("Tag")


class HttpTransport(Generic[Tag]):
    """Implements ``ports.BulkTransport`` with non-blocking sockets and one selector."""

    def __init__(self, endpoint: Endpoint, credentials: CredentialSource) -> None:
        self._endpoint, self._credentials = endpoint, credentials
        self._keys = credentials.current()
        self._keys_checked_at = self._timeouts_checked_at = time.monotonic()
        self._signers: dict[BulkOperation, Signer] = {}
        connector = Connector(endpoint)
        headers = {"Host": endpoint.host, "User-Agent": f"ddbbackup/{__version__}", **connector.proxy_headers}
        lines = (
            f"POST {connector.request_target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        )
        self._head = "".join(f"{line}\r\n" for line in lines).encode()
        self._opener = ConnectionOpener(connector)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._opener.wakeup, _READ)
        self._idle: list[PersistentConnection] = []
        self._busy: dict[
            PersistentConnection, tuple[Tag, str]
        ] = {}  # with the access key that signed the request
        self._queued: deque[tuple[Tag, str, bytes]] = deque()  # requests that have no connection yet
        self._responses: list[tuple[Tag, BulkResponse]] = []

    @property
    def in_flight(self) -> int:
        return len(self._busy) + len(self._queued) + len(self._responses)

    def send(self, tag: Tag, operation: BulkOperation, body: bytes) -> None:
        keys = self._current_keys()
        signed = self._signer(operation).headers(body, keys, time.time())
        request = b"%b%bContent-Length: %d\r\n\r\n%b" % (self._head, signed, len(body), body)
        connection = self._idle_connection()
        if connection is not None:
            self._start(connection, tag, keys.access_key, request)
        else:
            self._queued.append((tag, keys.access_key, request))
            self._opener.open(len(self._queued))

    def receive(self, timeout_seconds: float) -> list[tuple[Tag, BulkResponse]]:
        ready = self._selector.select(0.0 if self._responses else timeout_seconds)
        now = time.monotonic()
        for key, _ in ready:
            if key.data is None:
                self._accept_opened()
            else:
                self._on_ready(key.data, now)
        if now - self._timeouts_checked_at > _TIMEOUT_CHECK_SECONDS:
            self._fail_overdue(now)
        responses, self._responses = self._responses, []
        return responses

    def renew_credentials(self, rejected: str) -> bool:
        renewed = self._credentials.renew(rejected)
        if renewed is None:
            return False
        self._keys, self._keys_checked_at = renewed, time.monotonic()
        return True

    def close(self) -> None:
        self._opener.close()
        for connection in (*self._busy, *self._idle):
            connection.close()
        self._busy.clear()
        self._idle.clear()
        self._queued.clear()
        self._selector.close()

    # ---- one connection

    def _idle_connection(self) -> PersistentConnection | None:
        """The most recently used first: servers close connections that stay idle."""
        now = time.monotonic()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.idle_since < _RECHECK_IDLE_SECONDS or connection.is_reusable():
                return connection
            self._discard(connection)
        return None

    def _start(self, connection: PersistentConnection, tag: Tag, access_key: str, request: bytes) -> None:
        self._busy[connection] = tag, access_key
        try:
            all_sent = connection.start(request)
        except OSError as error:
            self._fail(connection, str(error), connection.started_at)
            return
        if not all_sent:
            self._selector.modify(connection.socket, _READ | _WRITE, connection)

    def _on_ready(self, connection: PersistentConnection, now: float) -> None:
        if connection not in self._busy:
            if connection in self._idle and not connection.is_reusable():
                self._idle.remove(connection)
                self._discard(connection)
            return
        try:
            if connection.unsent and connection.flush():
                self._selector.modify(connection.socket, _READ, connection)
            response = connection.receive()
        except (OSError, InvalidResponse) as error:
            self._fail(connection, str(error), now)
            return
        if response is not None:
            self._finish(connection, response, now)

    def _finish(self, connection: PersistentConnection, response: ParsedResponse, now: float) -> None:
        tag, access_key = self._busy.pop(connection)
        seconds = now - connection.started_at
        self._responses.append(
            (tag, BulkResponse(response.status, response.body, seconds, response.content_type, access_key))
        )
        if not response.reusable or connection.unsent:
            self._discard(connection)
        elif self._queued:
            self._start(connection, *self._queued.popleft())
        else:
            connection.idle_since = now
            self._idle.append(connection)

    def _fail(self, connection: PersistentConnection, reason: str, now: float) -> None:
        tag, _ = self._busy.pop(connection)
        self._responses.append((tag, BulkResponse(0, reason.encode(), now - connection.started_at, b"")))
        self._discard(connection)

    def _discard(self, connection: PersistentConnection) -> None:
        self._selector.unregister(connection.socket)
        connection.close()
        self._opener.open(len(self._queued))

    def _fail_overdue(self, now: float) -> None:
        self._timeouts_checked_at = now
        overdue = [each for each in self._busy if now - each.started_at > _RESPONSE_TIMEOUT_SECONDS]
        for connection in overdue:
            self._fail(connection, f"no response within {_RESPONSE_TIMEOUT_SECONDS} s", now)

    # ---- new connections

    def _accept_opened(self) -> None:
        """Each failed attempt fails one queued request, so that no request waits forever.

        Raises ``CertificateRejected``.
        """
        for result in self._opener.collect():
            if isinstance(result, CertificateRejected):
                raise result
            if isinstance(result, str):
                if self._queued:
                    tag, _, _ = self._queued.popleft()
                    self._responses.append((tag, BulkResponse(0, result.encode(), 0.0, b"")))
                continue
            connection = PersistentConnection(result)
            self._selector.register(result, _READ, connection)
            if self._queued:
                self._start(connection, *self._queued.popleft())
            else:
                self._idle.append(connection)
        self._opener.open(len(self._queued))

    # ---- signing

    def _current_keys(self) -> AccessKeys:
        """A source renews credentials before they expire, but only when it is asked: once a second is enough."""
        now = time.monotonic()
        if now - self._keys_checked_at > _CREDENTIAL_CHECK_SECONDS:
            self._keys, self._keys_checked_at = self._credentials.current(), now
        return self._keys

    def _signer(self, operation: BulkOperation) -> Signer:
        signer = self._signers.get(operation)
        if signer is None:
            endpoint = self._endpoint
            signer = Signer(
                host=endpoint.host,
                path=endpoint.path,
                region=endpoint.region,
                target=_TARGET_PREFIX + operation,
            )
            self._signers[operation] = signer
        return signer
