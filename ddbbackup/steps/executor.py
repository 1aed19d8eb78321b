"""Runs steps: each as soon as those that it needs are done; a failure skips only what depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from ddbbackup import events
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import Step

log = structlog.get_logger()

OnOutcome = Callable[[Outcome], None]


async def run_steps(
    steps: Sequence[Step[Any]], context: RunContext, *, on_outcome: OnOutcome = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Every step's outcome, in the order of ``steps``. An error of one step is its outcome.

    Raises ``Bug`` before the first step if two have the same id, or if one needs an id that is unknown or circular.
    """
    ordered = _in_order_of_needs(steps)
    tasks: dict[str, asyncio.Task[Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        for step in ordered:
            needed = [tasks[name] for name in step.needs]
            tasks[step.id] = group.create_task(_run_one(step, needed, context, on_outcome), name=step.id)
    return tuple(tasks[step.id].result() for step in steps)


async def _run_one(
    step: Step[Any], needed: Sequence[asyncio.Task[Outcome]], context: RunContext, on_outcome: OnOutcome
) -> Outcome:
    with bound_contextvars(step=step.id, table=step.table):
        outcome = await _outcome(step, needed, context)
        on_outcome(outcome)
    return outcome


async def _outcome(step: Step[Any], needed: Sequence[asyncio.Task[Outcome]], context: RunContext) -> Outcome:
    for task in needed:
        before = await task
        if before.status in ("failed", "skipped"):
            log.warning(events.STEP_SKIPPED, because=before.step)
            return Outcome(step.id, step.kind, step.table, "skipped", {"because": before.step})
    began = context.clock.monotonic()
    try:
        outcome = await _carry_out(step, context)
        if outcome.error is not None:  # a step that has more to report than its error returns both
            _log_failure(outcome.error)
    except DdbBackupError as error:
        outcome = _failed(step, error)
    except Exception as error:  # noqa: BLE001 - a bug in one table's step must not stop the others
        bug = Bug(
            f"{step.id} failed with an unexpected {type(error).__name__}",
            hint="report it with the traceback that --log-format json shows; the other steps went on",
        )
        bug.__cause__ = error
        outcome = _failed(step, bug)
    return replace(outcome, seconds=context.clock.monotonic() - began)


async def _carry_out(step: Step[Any], context: RunContext) -> Outcome:
    """Obeys the assessment that ``preview`` shows: its first blocker ends the step."""
    assessment = await step.assess(context)
    for blocker in assessment.blockers:
        if not blocker.after_run:
            raise blocker.error
    outcome = await step.run(context, assessment)
    for blocker in assessment.blockers:
        raise blocker.error
    return outcome


def _in_order_of_needs(steps: Sequence[Step[Any]]) -> Sequence[Step[Any]]:
    by_id: dict[str, Step[Any]] = {}
    for step in steps:
        if step.id in by_id:
            raise _planned_wrongly(f"two steps have the id {step.id!r}")
        by_id[step.id] = step
    ordered: dict[str, Step[Any]] = {}
    for step in steps:
        _visit(step, by_id, ordered, path=())
    return tuple(ordered.values())


def _visit(
    step: Step[Any], by_id: Mapping[str, Step[Any]], ordered: dict[str, Step[Any]], path: tuple[str, ...]
) -> None:
    if step.id in path:
        raise _planned_wrongly(f"steps depend on each other: {' -> '.join((*path, step.id))}")
    if step.id in ordered:
        return
    for name in step.needs:
        if name not in by_id:
            raise _planned_wrongly(f"the step {step.id!r} depends on {name!r}, which is no step of this run")
        _visit(by_id[name], by_id, ordered, (*path, step.id))
    ordered[step.id] = step


def _planned_wrongly(what: str) -> Bug:
    return Bug(what, hint="report it with the plan; nothing was started")


def _failed(step: Step[Any], error: DdbBackupError) -> Outcome:
    _log_failure(error)
    return Outcome(step.id, step.kind, step.table, "failed", error=error)


def _log_failure(error: DdbBackupError) -> None:
    log.error(
        events.STEP_FAILED,
        error=type(error).__name__,
        message=error.message,
        hint=error.hint,
        exc_info=error if isinstance(error, Bug) else None,
    )
