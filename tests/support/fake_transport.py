"""A transport in memory: a script responds to every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ddbbackup.ports import BulkOperation, BulkResponse

Tag = TypeVar("Tag")
Respond = Callable[[BulkOperation, bytes], tuple[int, bytes]]
JSON = b"application/x-amz-json-1.0"


class FakeTransport(Generic[Tag]):
    """Implements ``ports.BulkTransport``. ``keys`` sign one after the other; each can be renewed by the next one."""

    def __init__(
        self, respond: Respond, *, keys: tuple[str, ...] = ("key",), content_type: bytes = JSON
    ) -> None:
        self.bodies: list[bytes] = []
        self.keys = list(keys)
        self.renewals = 0
        self._content_type = content_type
        self._respond = respond
        self._responses: list[tuple[Tag, BulkResponse]] = []

    @property
    def in_flight(self) -> int:
        return len(self._responses)

    def send(self, tag: Tag, operation: BulkOperation, body: bytes) -> None:
        self.bodies.append(body)
        status, response = self._respond(operation, body)
        self._responses.append((tag, BulkResponse(status, response, 0.001, self._content_type, self.keys[0])))

    def receive(self, timeout_seconds: float) -> list[tuple[Tag, BulkResponse]]:
        responses, self._responses = self._responses, []
        return responses

    def renew_credentials(self, rejected: str) -> bool:
        if rejected != self.keys[0]:
            return True
        if len(self.keys) == 1:
            return False
        del self.keys[0]
        self.renewals += 1
        return True

    def close(self) -> None:
        self._responses.clear()
