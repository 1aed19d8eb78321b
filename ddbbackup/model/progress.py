"""How far a long piece of work has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of one table's work; ``total`` is ``None`` while unknown.

    ``table`` is empty where all tables of the run are meant (exports in flight).
    """

    table: str
    phase: Literal["export", "verify", "write"]
    done: int
    total: int | None
    unit: Literal["bytes", "items", "files", "exports"] = "items"
    detail: Mapping[str, Any] = field(default_factory=dict)


class OnProgress(Protocol):
    """Called now and then, from any thread, with the newest state of one table's work."""

    def __call__(self, progress: Progress) -> None: ...
