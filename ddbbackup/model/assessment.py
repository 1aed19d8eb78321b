"""What a step would do, told without doing it: the other reader of the same steps that the executor walks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.cost import Cost


@dataclass(frozen=True, slots=True)
class Blocker:
    """What would make the step fail; ``error`` is what ``run`` would raise."""

    error: DdbBackupError

    @property
    def kind(self) -> str:
        return type(self.error).__name__

    @property
    def message(self) -> str:
        return self.error.message

    @property
    def hint(self) -> str:
        return self.error.hint


@dataclass(frozen=True, slots=True)
class Assessment:
    """One step, foretold.

    ``does`` is one line for people. ``changes``: whether ``run`` would change or start anything (False: all is
    done already, or only reading). ``items`` and ``size_bytes`` are of the data that the step moves, as AWS or a
    record counts them; ``seconds`` is an estimate, ``seconds_basis`` what it rests on. ``facts`` are JSON-safe and
    are shown as they are (method, full or incremental, candidates, differences of settings, …).
    """

    step: str
    kind: str
    table: str
    does: str
    changes: bool = True
    items: int | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    seconds_basis: str = ""
    cost: Cost | None = None
    blockers: tuple[Blocker, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def guarded(step: str, kind: str, table: str, does: str, tell: Callable[[], Assessment]) -> Assessment:
    """What ``tell`` says; what it raises on the way is an obstacle, for the run would meet it too."""
    try:
        return tell()
    except DdbBackupError as error:
        return Assessment(step, kind, table, does, blockers=(Blocker(error),))
