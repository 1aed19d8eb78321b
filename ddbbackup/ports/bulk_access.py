"""What bulk workers need from AWS: objects, and many requests for items in flight at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeVar

from ddbbackup.ports.access_keys import AccessKeys, KeyRequest
from ddbbackup.ports.objects import Objects

ItemOperation = Literal["BatchWriteItem", "PutItem", "DeleteItem", "GetItem", "BatchGetItem"]
BulkOperation = ItemOperation | Literal["Scan"]
Tag = TypeVar("Tag")


class BulkResponse(NamedTuple):
    """The response to one request.

    ``status`` is the HTTP status; 0 means that no complete response arrived, or one that does not match its own
    checksum, and ``body`` holds the reason as text. ``seconds`` is the time between sending the request and receiving
    the response. ``content_type`` is in lower case. ``access_key`` is the one that signed the request.
    """

    status: int
    body: bytes
    seconds: float
    content_type: bytes
    access_key: str = ""


class BulkTransport(Protocol[Tag]):
    """Sends signed requests to one DynamoDB endpoint. Not thread-safe; retries nothing.

    Bodies are opaque bytes in both directions. Every request that ``send`` accepts comes back from ``receive``
    exactly once, whether it succeeded or not, unless ``close`` is called first.
    """

    @property
    def in_flight(self) -> int:
        """The number of requests that ``receive`` has not returned yet."""

    def send(self, tag: Tag, operation: BulkOperation, body: bytes) -> None:
        """Never blocks. ``tag`` identifies the response. Raises ``AccessDenied`` without credentials."""

    def receive(self, timeout_seconds: float) -> list[tuple[Tag, BulkResponse]]:
        """All responses that have arrived; waits up to ``timeout_seconds`` for the first one."""

    def renew_credentials(self, rejected: str) -> bool:
        """Whether requests are now signed by other keys than those with an access key that AWS calls expired.

        Every request in flight with these keys is answered so. They are renewed once; each request can be sent again.
        Raises ``AccessDenied`` if the source of the credentials fails.
        """

    def close(self) -> None:
        """Closes all connections and discards the requests in flight."""


class BulkAccess(Protocol):
    """Opens the data files and the table of one job. Picklable, so that worker processes can use it."""

    def objects(self) -> Objects: ...

    def transport(self, table: str) -> BulkTransport[Tag]:
        """A new transport to the endpoint that the SDK resolves for ``table``."""

    def keys(self, request: KeyRequest) -> AccessKeys | None:
        """In the parent process: the answer to a worker process. None if there are no newer keys.

        Raises ``AccessDenied`` if the source of the credentials fails.
        """

    def in_worker(self, ask: Callable[[KeyRequest], AccessKeys | None]) -> BulkAccess:
        """In a worker process: the same access with keys from the parent process.

        So that credential helpers run, and MFA codes are asked for, once for all processes.
        """
