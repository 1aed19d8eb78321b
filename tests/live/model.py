"""The two kinds of things that the suite does: checks, which pass or fail, and questions, which AWS answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.live.estimate import Charge
from tests.live.stage import Stage


@dataclass(frozen=True)
class Check:
    """``run`` raises if it fails. ``id`` is a path, such as ``restore/import``."""

    id: str
    title: str
    run: Callable[[Stage], None]
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True)
class Question:
    """``ask`` returns the answer as JSON. Without it, ``reason`` says why the question is not asked.

    ``of`` names the part of ddbbackup that depends on the answer. An error response of AWS is an answer too.
    ``aws_only``: the sandbox has no such service.
    """

    id: str
    question: str
    of: str
    ask: Callable[[Stage], Any] | None = None
    reason: str | None = None
    charges: tuple[Charge, ...] = ()
    aws_only: bool = False


Work = Check | Question


@dataclass(frozen=True)
class CheckResult:
    id: str
    title: str
    passed: bool
    seconds: float
    problem: str | None = None


@dataclass(frozen=True)
class Answer:
    """``problem``: the question could not be asked to the end, so nothing was learned."""

    id: str
    question: str
    of: str
    seconds: float
    answer: Any = None
    reason: str | None = None
    problem: str | None = None
