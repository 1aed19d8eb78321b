"""The log on stderr: readable lines on a terminal, one JSON event on each line otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog
from structlog.typing import Processor

from ddbbackup import events

LogFormat = Literal["auto", "console", "json"]
_REPEATED: Final = frozenset(("step", "error", "version", "target"))


class _Stderr:
    """Looks up ``sys.stderr`` for every line, because progress bars replace it while they are shown."""

    def msg(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    log = debug = info = warning = error = critical = exception = msg


def for_people(log_format: LogFormat) -> bool:
    """Whether the log is for people: as the option says, or because stderr is a terminal."""
    return log_format == "console" or (log_format == "auto" and sys.stderr.isatty())


def _shorten(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leaves out what a person does not need during the run; JSON events and the report have everything.

    The table identifies the step, and the report repeats errors with their hints.
    """
    shown = {name: value for name, value in event.items() if name not in _REPEATED and value not in ([], "")}
    if event["event"] != events.EXPORT_FAILED:
        shown.pop("export_arn", None)
    if "exc_info" not in shown and event["event"] == events.STEP_FAILED:
        shown.pop("hint", None)
    return {"table": shown.pop("table"), **shown} if "table" in shown else shown


def configure(log_format: LogFormat, *, run: str, plan: str) -> None:
    """From now on every event, in every thread, has the run id and the name of the plan."""

    def bind_run(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"run": run, "plan": plan, **event}

    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    if for_people(log_format):
        colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        render: list[Processor] = [
            _shorten,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=20, sort_keys=False),
        ]
    else:
        render = [
            bind_run,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
