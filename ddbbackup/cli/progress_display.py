"""The progress of a run: bars on a terminal, log events at intervals everywhere else."""

from __future__ import annotations

import os
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from ddbbackup import events
from ddbbackup.cli.logs import for_people
from ddbbackup.cli.streams import stderr_for_terminal, stderr_is_terminal
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.safe_text import escape

EVENT_SECONDS: Final = 30.0
_EVENTS: Final = {
    "export": events.EXPORT_PROGRESSED,
    "scan": events.SCAN_PROGRESSED,
    "verify": events.BACKUP_PROGRESSED,
    "write": events.RESTORE_PROGRESSED,
    "tags": events.TAGS_PROGRESSED,
    "index": events.RESTORE_PROGRESSED,
    "changes": events.RESTORE_PROGRESSED,
    "read": events.READ_PROGRESSED,
}

log = structlog.get_logger()


@contextmanager
def progress_display(options: Namespace) -> Iterator[OnProgress]:
    """The callback that the steps of a run report their progress to. A terminal that fails does not end the run."""
    is_quiet = options.__dict__.get("detail") == "quiet"
    if is_quiet or not (for_people(options.log_format) and stderr_is_terminal()):
        yield ThrottledProgressEvents()
        return
    console = Console(file=stderr_for_terminal(), no_color=bool(os.environ.get("NO_COLOR")))
    with Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # data never goes to the terminal of the log
    ) as bars:
        yield _ProgressBars(bars)


class _ProgressBars:
    """One bar for each table and phase; a complete bar disappears."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            key = (progress.table, progress.phase)
            if key not in self._tasks:
                name = escape(f"{progress.phase} {progress.table}".strip())
                self._tasks[key] = self._bars.add_task(name, total=progress.total, unit=progress.unit)
            self._bars.update(self._tasks[key], completed=progress.done, total=progress.total)
            if progress.total is not None and progress.done >= progress.total:
                self._bars.remove_task(self._tasks.pop(key))


class ThrottledProgressEvents:
    """At most one event every ``EVENT_SECONDS`` for each table and phase, the first after that time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._due: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        key, now = (progress.table, progress.phase), self._monotonic()
        with self._lock:
            if now < self._due.setdefault(key, now + EVENT_SECONDS):
                return
            self._due[key] = now + EVENT_SECONDS
        table = {"table": progress.table} if progress.table else {}
        log.info(
            _EVENTS[progress.phase], done=progress.done, total=progress.total, unit=progress.unit, **table
        )
