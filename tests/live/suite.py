"""Plays checks and questions at the same time, because most of their time is spent waiting for jobs of AWS."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live.checks import CHECKS
from tests.live.estimate import Charge, added
from tests.live.model import Answer, Check, CheckResult, Question, Work
from tests.live.questions import QUESTIONS
from tests.live.report import published
from tests.live.stage import Stage, error_of

WORKERS: Final = 8  # some fifty tables are made; AWS throttles more changes at a time
_SHOWN: Final = 1500
Say = Callable[[str], None]


def chosen(globs: str) -> tuple[list[Check], list[Question]]:
    """Those whose id matches one of the comma-separated patterns."""
    patterns = globs.split(",")

    def matches(identity: str) -> bool:
        return any(fnmatchcase(identity, pattern) for pattern in patterns)

    return (
        [each for each in CHECKS if matches(each.id)],
        [each for each in QUESTIONS if matches(each.id)],
    )


def charges(works: Sequence[Work]) -> list[Charge]:
    return added(charge for each in works for charge in each.charges)


@dataclass(frozen=True)
class Played:
    """Results and answers by id, as they arrive: an interrupted run keeps those that it has."""

    results: dict[str, CheckResult] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)


def play(
    stage: Stage, checks: Sequence[Check], questions: Sequence[Question], played: Played, say: Say
) -> None:
    """Raises ``KeyboardInterrupt`` when everything that was running has stopped."""

    def check(each: Check) -> None:
        played.results[each.id] = _check(stage, each, say)

    def ask(each: Question) -> None:
        played.answers[each.id] = _ask(stage, each, say)

    pool = ThreadPoolExecutor(WORKERS)
    try:
        works = [
            *(pool.submit(check, each) for each in checks),
            *(pool.submit(ask, each) for each in questions),
        ]
        for work in works:
            work.result()
    except BaseException:  # KeyboardInterrupt: what is running ends soon, and nothing else starts
        stage.stopping.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check(stage: Stage, check: Check, say: Say) -> CheckResult:
    began = time.monotonic()
    problem = None
    try:
        check.run(stage)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        problem = _problem(stage, error)
    seconds = round(time.monotonic() - began, 1)
    say(f"{'passed' if problem is None else 'FAILED'} {check.id} ({seconds:.0f} s){_after(problem)}")
    return CheckResult(check.id, check.title, problem is None, seconds, problem)


def _ask(stage: Stage, question: Question, say: Say) -> Answer:
    asked = Answer(question.id, question.question, question.of, 0.0)
    if question.ask is None:
        return replace(asked, reason=question.reason)
    if question.aws_only and stage.emulated:
        return replace(asked, reason="the sandbox has no such service")
    began = time.monotonic()
    answer, problem = _answer(stage, question.ask)
    seconds = round(time.monotonic() - began, 1)
    said = "answered" if problem is None else "NO ANSWER to"
    say(f"{said} {question.id} ({seconds:.0f} s){_after(problem)}")
    return replace(asked, seconds=seconds, answer=answer, problem=problem)


def _answer(stage: Stage, ask: Callable[[Stage], Any]) -> tuple[Any, str | None]:
    try:
        return ask(stage), None
    except ClientError as error:  # that AWS refuses is an answer
        return {"error": {**error_of(error), "operation": error.operation_name}}, None
    except Exception as error:  # noqa: BLE001 - whatever it is, the other questions are asked
        return None, _problem(stage, error)


def _problem(stage: Stage, error: Exception) -> str:
    """The error, and the line of the suite that raised it."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/tests/live/" in each.filename]
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno}: {frames[-1].line})" if frames else ""
    return published(f"{type(error).__name__}: {error}"[:_SHOWN] + where, stage.account)


def _after(problem: str | None) -> str:
    return "" if problem is None else f": {problem}"
