"""The result of ``doctor``: the checks of everything that a run of the plan depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ddbbackup.errors import StepFailed

if TYPE_CHECKING:
    from ddbbackup.model.check import Check, State

STATES: Final[tuple[State, ...]] = ("ok", "warning", "problem", "unknown")


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """One check. ``subject`` is what was checked (``destination vault``), ``name`` the aspect (``versioning``)."""

    subject: str
    name: str
    state: State
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """``schemas/doctor.schema.json``. ``counts`` has an entry for each state."""

    schema: ClassVar[Literal["doctor"]] = "doctor"

    plan: str
    now: datetime
    counts: Mapping[State, int]
    checks: tuple[CheckInfo, ...]
    exit_code: int


def doctor_report(plan: str, checks: Sequence[Check], *, now: datetime) -> DoctorReport:
    return DoctorReport(
        plan=plan,
        now=now,
        counts={state: sum(check.state == state for check in checks) for state in STATES},
        checks=tuple(check_info(check) for check in checks),
        exit_code=_exit_code(checks),
    )


def check_info(check: Check) -> CheckInfo:
    return CheckInfo(check.subject, check.name, check.state, check.message, check.hint)


def _exit_code(checks: Sequence[Check]) -> int:
    """0 without problems; the exit code that all problems share, else 1. Skipped checks do not count."""
    codes = {check.error.exit_code for check in checks if check.error is not None}
    if not codes:
        return 0
    return codes.pop() if len(codes) == 1 else StepFailed.exit_code
