"""What bulk workers need from AWS: data files to read, and many requests for items in flight at a time."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, TypeVar

from ddbbackup.ports.objects import Objects

BulkOperation = Literal["BatchWriteItem", "PutItem", "GetItem", "BatchGetItem"]
Tag = TypeVar("Tag")


class BulkResponse(NamedTuple):
    """The response to one request.

    ``status`` is the HTTP status; 0 means that no complete response arrived, or one that does not match its own
    checksum, and ``body`` holds the reason as text. ``seconds`` is the time between sending the request and receiving
    the response. ``content_type`` is in lower case.
    """

    status: int
    body: bytes
    seconds: float
    content_type: bytes


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

    def refresh_credentials(self) -> bool:
        """Reloads credentials after AWS reported them as expired; False if they have not changed."""

    def close(self) -> None:
        """Closes all connections and discards the requests in flight."""


class BulkAccess(Protocol):
    """Opens the data files and the target table of one job. Picklable, so that worker processes can use it."""

    def objects(self) -> Objects: ...

    def transport(self, table: str) -> BulkTransport[Tag]:
        """A new transport to the endpoint that the SDK resolves for ``table``."""
