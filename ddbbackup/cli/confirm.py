"""Asks a person before anything is destroyed: the facts, and a name to type, so that nobody agrees by habit."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from ddbbackup.cli.destruction_facts import facts, question
from ddbbackup.cli.streams import say, stderr_view, write_stderr
from ddbbackup.errors import Refused
from ddbbackup.restore.confirmation import Destruction, confirmed, find_destruction
from ddbbackup.restore.restore_table import RestoreTable
from ddbbackup.safe_text import escape
from ddbbackup.steps.context import RunContext


async def confirm(context: RunContext, steps: Sequence[RestoreTable]) -> list[RestoreTable]:
    """The steps, confirmed where a person agreed. One question for all of them.

    The name of the table must be typed; for several tables that of the plan, as for `prune --confirm`. Raises
    ``Refused`` for any other answer. A step of a mirror then holds its comparison, for ``close_comparisons``.
    """
    looked = await asyncio.gather(
        *(find_destruction(context, step) for step in steps), return_exceptions=True
    )
    shown = [each for each in looked if isinstance(each, Destruction)]
    if not shown and not any(isinstance(each, BaseException) for each in looked):
        return list(steps)
    try:
        for each in looked:
            if isinstance(each, BaseException):
                raise each
        await _ask_about(context, shown)
    except BaseException:
        await close_comparisons(context, [each.step for each in shown])
        raise
    return confirmed(steps, shown)


async def close_comparisons(context: RunContext, steps: Sequence[RestoreTable]) -> None:
    for step in steps:
        if step.comparison is not None:
            await context.call(step.comparison.close)


async def _ask_about(context: RunContext, shown: Sequence[Destruction]) -> None:
    say(*facts(shown, context.clock.now(), stderr_view()))
    await ask(*question(shown, context.plan.name))


async def ask(expected: str, question: str) -> None:
    """Raises ``Refused`` unless ``expected`` is typed."""
    write_stderr(escape(question))
    try:
        answer = await _line()
    except (OSError, ValueError):
        answer = ""
    except asyncio.CancelledError:
        write_stderr("\n")  # what is said of the interruption begins a line
        raise
    if not answer.endswith("\n"):  # Ctrl-D
        write_stderr("\n")
    if answer.strip() != expected:
        raise Refused(
            f"the answer was not {expected!r}, so nothing was written",
            hint=f"run the same command again and type {expected}",
        )


async def _line() -> str:
    """The next line of the terminal. Ctrl-C ends the wait: a blocking read would delay it until the next line."""
    loop = asyncio.get_running_loop()
    ready, terminal = asyncio.Event(), sys.stdin.fileno()
    loop.add_reader(terminal, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(terminal)
    return sys.stdin.readline()
