"""What a step would do, what blocks it, and what it costs: shown by ``preview``, carried out by the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.cost import Cost

F_co = TypeVar("F_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason why the step fails. The run raises ``error``, so ``preview`` and run report the same sentence.

    The run raises it before it changes anything; with ``after_run``, after it has prepared the next run.
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
class Assessment(Generic[F_co]):
    """The assessment of one step. ``findings`` are what the step's own ``run`` continues with.

    ``summary`` is one line for people. ``actions`` are what ``run`` starts and changes, in order: infinitives such as
    ``create the table orders-2``. They are empty if everything is done already, or if the step only reads. ``items``
    and ``size_bytes`` are the amount of data as AWS or a record counts it. ``seconds`` is an estimate;
    ``seconds_basis`` says how it was made. ``notes`` are what the user should know but what does not block the step.
    ``facts`` are JSON-safe and depend on the kind of step: method, candidates, differences of settings, …
    """

    step: str
    kind: str
    table: str
    summary: str
    findings: F_co
    actions: tuple[str, ...] = ()
    items: int | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    seconds_basis: str = ""
    cost: Cost | None = None
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether ``run`` starts or changes anything."""
        return bool(self.actions)


AnyAssessment: TypeAlias = Assessment[Any]
"""The assessment of a step of any kind; only the step itself reads the findings."""
