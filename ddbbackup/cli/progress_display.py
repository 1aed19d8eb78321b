"""Shows the progress of a run: a few lines on a terminal, one log event a minute everywhere else."""

from __future__ import annotations

import os
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import structlog
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ddbbackup import events
from ddbbackup.cli.logs import for_people
from ddbbackup.cli.run_progress import RunProgress, columns
from ddbbackup.cli.streams import stderr_for_terminal, stderr_is_terminal
from ddbbackup.errors import TimedOut
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.progress import Progress
from ddbbackup.safe_text import escape
from ddbbackup.steps.step import AnyStep

EVENT_SECONDS: Final = 60.0
_DRAW_SECONDS: Final = 0.25

log = structlog.get_logger()


class ProgressDisplay(Protocol):
    """What a run tells of its progress. Called from any thread."""

    def __call__(self, progress: Progress) -> None: ...

    def begin(self, steps: tuple[AnyStep, ...]) -> None: ...

    def step_started(self, step: AnyStep) -> None: ...

    def step_ended(self, outcome: Outcome) -> None: ...


@contextmanager
def progress_display(options: Namespace) -> Iterator[ProgressDisplay]:
    """Shows what it is told until the end of the block. A terminal that fails does not end the run."""
    progress = RunProgress(options.verb, time.monotonic())
    is_quiet = options.__dict__.get("detail") == "quiet"
    if is_quiet:
        yield _Watched(progress)
    elif for_people(options.log_format) and stderr_is_terminal():
        console = Console(file=stderr_for_terminal(), no_color=bool(os.environ.get("NO_COLOR")))
        lines = _Lines(progress, console)
        with _repeated(lines.draw, _DRAW_SECONDS):
            try:
                yield _Watched(progress, lines.draw_if_idle)
            finally:
                lines.clear()
    else:
        with _repeated(lambda: log_progress(progress), EVENT_SECONDS):
            yield _Watched(progress)


class _Watched:
    """Passes on to ``RunProgress`` what the run tells, with the time."""

    def __init__(self, progress: RunProgress, changed: Callable[[], None] = lambda: None) -> None:
        self._progress, self._changed = progress, changed

    def __call__(self, progress: Progress) -> None:
        self._progress.report(progress, time.monotonic())
        self._changed()

    def begin(self, steps: tuple[AnyStep, ...]) -> None:
        self._progress.begin({step.id: step.table for step in steps if step.kind != "check"})

    def step_started(self, step: AnyStep) -> None:
        self._progress.step_started(step.id)

    def step_ended(self, outcome: Outcome) -> None:
        is_running = isinstance(outcome.error, TimedOut)  # in AWS: nothing has failed
        self._progress.step_ended(outcome.step, failed=outcome.status == "failed" and not is_running)
        self._changed()


# ---- terminals


class _Lines:
    """The lines at the end of the log. They are there only while something is worked on: questions come between."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        self._progress, self._console = progress, console
        self._live: Live | None = None
        self._lock = threading.Lock()
        self._is_over = False

    def draw(self) -> None:
        with self._lock:
            if self._is_over or self._progress.is_idle:
                self._stop()
                return
            if self._live is None:
                # Data never goes to the terminal of the log.
                self._live = Live(
                    console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
                )
                self._live.start()
            self._live.update(self._text(), refresh=True)

    def draw_if_idle(self) -> None:
        """Removes the lines before the run goes on, if they are no longer true."""
        if self._live is not None and self._progress.is_idle:
            self.draw()

    def clear(self) -> None:
        with self._lock:
            self._is_over = True
            self._stop()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _text(self) -> Group:
        now = time.monotonic()
        width = self._console.width
        rows = columns(((escape(table), told) for table, told in self._progress.active(now)), width)
        first, *reasons = self._progress.headline(now, width)
        summary = Text(first, style="bold", no_wrap=True, overflow="ellipsis")
        summary.highlight_regex(r"[1-9][0-9 ]* failed", "bold red")
        return Group(summary, *(Text(row, no_wrap=True, overflow="ellipsis") for row in (*reasons, *rows)))


# ---- everywhere else


def log_progress(progress: RunProgress) -> None:
    """One event for the whole run. ``active`` names up to five tables, each with how far it is."""
    if progress.is_idle:
        return
    now = time.monotonic()
    log.info(
        events.RUN_PROGRESSED,
        verb=progress.verb,
        done=progress.done,
        total=progress.total,
        failed=progress.failed,
        summary=progress.summary(now),
        active=[f"{table}: {told}" for table, told in progress.active(now)],
    )


@contextmanager
def _repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Calls ``work`` every so many seconds, the first time after that time, in a thread of its own."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            work()

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=1.0)
