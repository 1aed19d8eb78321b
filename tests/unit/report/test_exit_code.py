"""From outcomes to the exit code."""

from __future__ import annotations

import pytest

from ddbbackup.errors import (
    AccessDenied,
    Bug,
    DataIncomplete,
    DdbBackupError,
    NothingSelected,
    PitrDisabled,
    TimedOut,
    Unreachable,
)
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import exit_code

OK = Outcome("backup a", "backup", "a", "done")


def failed(kind: type[DdbBackupError]) -> Outcome:
    return Outcome(
        "backup b", "backup", "b", "failed", error=Bug("what") if kind is Bug else kind("what", hint="do")
    )


def skipped() -> Outcome:
    return Outcome("backup c", "backup", "c", "skipped")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), 0),
        ((OK,), 0),
        ((OK, failed(PitrDisabled)), 3),
        ((failed(PitrDisabled),), 1),
        ((failed(PitrDisabled), skipped()), 1),
        ((failed(NothingSelected),), 5),
        ((failed(AccessDenied), failed(AccessDenied)), 77),
        ((failed(AccessDenied), failed(Unreachable)), 1),
        ((failed(Unreachable),), 69),
        ((failed(TimedOut), failed(TimedOut)), 75),
        ((OK, failed(DataIncomplete)), 65),
        ((failed(Bug), failed(DataIncomplete)), 65),
        ((OK, failed(Bug)), 70),
    ],
)
def test_the_exit_code_of_a_run(outcomes: tuple[Outcome, ...], code: int) -> None:
    """Incomplete data outranks a bug, and both outrank other failures; a common reason keeps its own code."""
    assert exit_code(outcomes) == code
