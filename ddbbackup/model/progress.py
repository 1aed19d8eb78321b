"""The progress of long-running work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one table. ``total`` is None while it is unknown.

    ``table`` is empty for progress of the whole run (running exports, tags that are read).
    """

    table: str
    phase: Literal["export", "scan", "verify", "write", "tags", "index", "changes", "compare", "read"]
    done: int
    total: int | None
    unit: Literal["bytes", "items", "files", "exports", "tables", "indexes", "changes"] = "items"
    detail: Mapping[str, Any] = field(default_factory=dict)


class OnProgress(Protocol):
    """Called from any thread, with the latest progress of one table."""

    def __call__(self, progress: Progress) -> None: ...
