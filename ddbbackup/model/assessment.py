"""What a step would do, what blocks it, and what it costs: shown by ``preview``, obeyed by the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.cost import Cost

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Blocker:
    """What makes the step fail; ``error`` is what the run raises.

    It raises it before it changes anything, or, with ``after_run``, once it has done what it could for the next run.
    """

    error: DdbBackupError
    after_run: bool = False

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
class Assessment(Generic[F]):
    """One step, before it is carried out. ``findings`` are for the step's own ``run``.

    ``does`` is one line for people. ``changes``: whether ``run`` changes or starts anything (False: all is done
    already, or it only reads). ``items`` and ``size_bytes`` are of the data that the step moves, as AWS or a
    record counts them; ``seconds`` is an estimate, ``seconds_basis`` what it is based on. ``facts`` are JSON-safe and
    are shown as they are (method, full or incremental, candidates, differences of settings, …).
    """

    step: str
    kind: str
    table: str
    does: str
    findings: F
    changes: bool = True
    items: int | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    seconds_basis: str = ""
    cost: Cost | None = None
    blockers: tuple[Blocker, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
