"""Runs steps: each starts when the steps that it needs have succeeded; a failure skips only its dependents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog
from structlog.contextvars import bound_contextvars

from ddbbackup import events
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.outcome import Outcome
from ddbbackup.os_errors import explain_os_error
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.step import AnyStep

log = structlog.get_logger()

OnOutcome = Callable[[Outcome], None]
OnStart = Callable[[AnyStep], None]
OnError = Callable[[DdbBackupError], None]


async def run_steps(
    steps: Sequence[AnyStep],
    context: RunContext,
    *,
    on_start: OnStart = lambda step: None,
    on_outcome: OnOutcome = lambda outcome: None,
    on_error: OnError = lambda error: None,
) -> tuple[Outcome, ...]:
    """The outcomes of all steps, in the order of ``steps``. An error of a step is part of its outcome.

    ``on_start`` is called when a step has assessed what it will do, and begins to do it; ``on_error`` before an error
    is logged, of which it may change the words. Raises ``Bug`` before the
    first step if two steps have the same ID, or if a dependency is unknown or circular.
    """
    ordered = _sort_by_dependencies(steps)
    tasks: dict[str, asyncio.Task[Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        for step in ordered:
            dependencies = [tasks[name] for name in step.needs]
            tasks[step.id] = group.create_task(
                _run_one(step, dependencies, context, on_start, on_outcome, on_error), name=step.id
            )
    return tuple(tasks[step.id].result() for step in steps)


async def _run_one(
    step: AnyStep,
    dependencies: Sequence[asyncio.Task[Outcome]],
    context: RunContext,
    on_start: OnStart,
    on_outcome: OnOutcome,
    on_error: OnError,
) -> Outcome:
    with bound_contextvars(step=step.id, table=step.table):
        outcome = await _outcome(step, dependencies, context, on_start, on_error)
        on_outcome(outcome)
    return outcome


async def _outcome(
    step: AnyStep,
    dependencies: Sequence[asyncio.Task[Outcome]],
    context: RunContext,
    on_start: OnStart,
    on_error: OnError,
) -> Outcome:
    for task in dependencies:
        dependency = await task
        if dependency.status in ("failed", "skipped"):
            log.warning(events.STEP_SKIPPED, because=dependency.step)
            return Outcome(step.id, step.kind, step.table, "skipped", {"because": dependency.step})
    started = context.clock.monotonic()
    try:
        outcome = await _carry_out(step, context, on_start)
        if outcome.error is not None:  # a failed step can return facts with its error
            on_error(outcome.error)
    except DdbBackupError as error:
        outcome = _failed(step, error, on_error)
    except Exception as error:  # noqa: BLE001 - a bug in one step must not stop the others
        outcome = _failed(step, explain_os_error(error) or _bug(step, error), on_error)
    if outcome.error is not None:
        _log_failure(outcome.error)
    return replace(outcome, seconds=context.clock.monotonic() - started)


async def _carry_out(step: AnyStep, context: RunContext, on_start: OnStart) -> Outcome:
    """Makes the assessment that ``preview`` shows, raises its first blocker, and otherwise runs the step."""
    assessment = await step.assess(context)
    for blocker in assessment.blockers:
        if not blocker.after_run:
            raise blocker.error
    on_start(step)
    outcome = await step.run(context, assessment)
    for blocker in assessment.blockers:  # those with ``after_run``
        raise blocker.error
    return outcome


def _sort_by_dependencies(steps: Sequence[AnyStep]) -> Sequence[AnyStep]:
    by_id: dict[str, AnyStep] = {}
    for step in steps:
        if step.id in by_id:
            raise _invalid_steps(f"two steps have the ID {step.id!r}")
        by_id[step.id] = step
    ordered: dict[str, AnyStep] = {}
    for step in steps:
        _visit(step, by_id, ordered, path=())
    return tuple(ordered.values())


def _visit(
    step: AnyStep, by_id: Mapping[str, AnyStep], ordered: dict[str, AnyStep], path: tuple[str, ...]
) -> None:
    if step.id in path:
        raise _invalid_steps(f"steps depend on each other: {' -> '.join((*path, step.id))}")
    if step.id in ordered:
        return
    for name in step.needs:
        if name not in by_id:
            raise _invalid_steps(f"step {step.id!r} depends on {name!r}, which is not a step of this run")
        _visit(by_id[name], by_id, ordered, (*path, step.id))
    ordered[step.id] = step


def _invalid_steps(message: str) -> Bug:
    return Bug(f"nothing was started: {message}")


def _bug(step: AnyStep, error: Exception) -> Bug:
    bug = Bug(f"{step.id} failed with an unexpected {type(error).__name__}")
    bug.__cause__ = error
    return bug


def _failed(step: AnyStep, error: DdbBackupError, on_error: OnError) -> Outcome:
    on_error(error)
    return Outcome(step.id, step.kind, step.table, "failed", error=error)


def _log_failure(error: DdbBackupError) -> None:
    log.error(
        events.STEP_FAILED,
        error=type(error).__name__,
        message=error.message,
        hint=error.hint,
        exc_info=error if isinstance(error, Bug) else None,
    )
