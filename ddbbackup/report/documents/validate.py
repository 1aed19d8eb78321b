"""The result of ``validate``: every problem of the plans, and a line for each plan without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from ddbbackup.problems import Problem


@dataclass(frozen=True, slots=True)
class ValidatedPlan:
    """One plan. ``files`` are its file and the overlays, in order; the counts are None if the plan is invalid."""

    files: tuple[str, ...]
    valid: bool
    table_entries: int | None = None
    restores: int | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """``schemas/problems.schema.json``."""

    schema: ClassVar[Literal["problems"]] = "problems"

    plans: tuple[ValidatedPlan, ...]
    problems: tuple[Problem, ...]
