"""The progress of long-running work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Phase = Literal[
    "queue",
    "export",
    "scan",
    "verify",
    "write",
    "prove",
    "index",
    "settings",
    "changes",
    "compare",
    "read",
    "await",
    "tags",
    "assess",
]
"""``queue``: a table waits until AWS accepts the start of its export. ``prove``: items are read back. ``tags`` and
``assess``: of the whole run.
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one table. ``total`` is None while it is unknown.

    ``table`` is empty for progress of the whole run (tags that are read, steps that are assessed). ``reason`` says
    why it waits, or takes long.
    """

    table: str
    phase: Phase
    done: int
    total: int | None
    unit: Literal["bytes", "items", "files", "exports", "tables", "indexes", "changes"] = "items"
    detail: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_complete(self) -> bool:
        return self.total is not None and self.done >= self.total


class OnProgress(Protocol):
    """Called from any thread, with the latest progress of one table."""

    def __call__(self, progress: Progress) -> None: ...
