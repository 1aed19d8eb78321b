"""Items in bulk: many requests at a time, bodies and answers as bytes."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

from ddbbackup.ports.objects import Objects


class Answer(NamedTuple):
    """What came back for one request; ``status`` 0 is no answer at all, ``body`` then says why."""

    status: int
    body: bytes
    seconds: float


class Wire(Protocol):
    """Many requests at a time to DynamoDB, signed, with bodies and answers as bytes. Not thread-safe."""

    @property
    def in_flight(self) -> int: ...

    def send(self, tag: Any, operation: Literal["BatchWriteItem", "PutItem"], body: bytes) -> None:
        """``tag`` comes back with the answer. Raises ``AccessDenied`` without credentials."""

    def answers(self, seconds: float) -> list[tuple[Any, Answer]]:
        """What has come back; waits up to ``seconds`` for something, less if anything is there."""

    def renew(self) -> bool:
        """Looks for newer credentials; False if there are none."""

    def close(self) -> None:
        """Drops what is in flight."""


class BulkAccess(Protocol):
    """What a transfer worker needs of AWS, wherever it runs; picklable."""

    def objects(self) -> Objects: ...

    def wire(self, table: str) -> Wire:
        """A wire to the table's endpoint as the SDK would resolve it."""
