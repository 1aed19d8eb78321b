"""The log on stderr: readable lines on a terminal, one JSON event on each line otherwise."""

from __future__ import annotations

import json
import logging
import os
from argparse import Namespace
from collections.abc import Mapping, MutableMapping, Set
from typing import Any, Final, Literal

import structlog
from structlog.typing import Processor

from ddbbackup import events
from ddbbackup.cli.streams import stderr_is_terminal, stdout_is_terminal, write_stderr, write_stderr_lines
from ddbbackup.cli.tracebacks import format_traceback
from ddbbackup.report.renderers.view import Detail
from ddbbackup.safe_text import SECRETS, escape_json, escaped, masked

LogFormat = Literal["auto", "console", "json"]
Event = MutableMapping[str, Any]
_OF_THE_REPORT: Final = frozenset((events.STEP_FAILED, events.STEP_SKIPPED, events.EXPORT_FAILED))
_OF_THE_LISTS: Final = frozenset(  # below `status` and `list`, with all reasons
    (events.BACKUP_PASSED_OVER, events.RECORD_REJECTED, events.RECORDS_REJECTED)
)
_OF_VERBS: Final[Mapping[str, frozenset[str]]] = {
    "status": _OF_THE_LISTS,
    "list": _OF_THE_LISTS,
    "report": _OF_THE_LISTS,
    # of other tables too, whose standing a notification needs
    "backup": frozenset((events.BACKUP_PASSED_OVER,)),
    "wait": frozenset((events.BACKUP_PASSED_OVER,)),
    # a failure of its own, or a note of the backup that passed the second time
    "verify": frozenset((events.DAMAGE_SUSPECTED, events.RECORD_REJECTED, events.RECORDS_REJECTED)),
}
_REPEATED: Final = frozenset(("step", "error", "version", "target"))

log = structlog.get_logger()


class _Stderr:
    """Looks up the stream for every line, because progress bars replace it while they are shown."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json

    def msg(self, message: str) -> None:
        if self._is_json:
            write_stderr(f"{message}\n", is_json=True)
        else:
            write_stderr_lines(f"{message}\n")

    log = debug = info = warning = error = critical = exception = msg


class _Libraries(logging.Handler):
    """Warnings of libraries (botocore, urllib3, asyncio) become events; their tracebacks do not."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        cause = f" ({type(error).__name__})" if error is not None else ""
        log.warning(events.LIBRARY_WARNED, library=record.name, message=f"{record.getMessage()}{cause}")


def for_people(log_format: LogFormat) -> bool:
    """Whether the log is for people: as the option says, or because stderr is a terminal."""
    return log_format == "console" or (log_format == "auto" and stderr_is_terminal())


def configure_for(options: Namespace, *, run: str, plan: str) -> None:
    """As the options of the verb say."""
    shows_report = options.__dict__.get("output") == "text" and stdout_is_terminal()
    detail: Detail = options.__dict__.get("detail", "normal")
    told = _OF_THE_REPORT | _OF_VERBS.get(options.verb, frozenset())
    configure(
        options.log_format, run=run, plan=plan, detail=detail, told=told if shows_report else frozenset()
    )


def configure(
    log_format: LogFormat, *, run: str, plan: str, detail: Detail = "normal", told: Set[str] = frozenset()
) -> None:
    """From now on every event, in every thread, has the run id and the name of the plan.

    On a terminal, the progress takes the place of a log: only warnings are shown, unless ``detail`` says otherwise.
    ``told``: events that the report on the same terminal tells of, too, so that they are not said twice.
    """

    def bind_run(logger: Any, method: str, event: Event) -> Event:
        return {"run": run, "plan": plan, **event}

    def drop_told(logger: Any, method: str, event: Event) -> Event:
        """The traceback of a bug is in no report."""
        if event["event"] in told and not event.get("exc_info"):
            raise structlog.DropEvent
        return event

    is_json = not for_people(log_format)
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    if is_json:
        render: list[Processor] = [
            bind_run,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _format_traceback,
            _to_json,
        ]
    else:
        render = [
            *([drop_told] if told and detail != "verbose" else []),
            _shorten,
            structlog.processors.TimeStamper(fmt="%H:%M:%SZ", utc=True),
            _escape,
            _format_traceback,
            _for_people(sentences=log_format == "auto" and detail == "normal"),
        ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(_level(log_format, detail)),
        logger_factory=lambda *_: _Stderr(is_json=is_json),
        cache_logger_on_first_use=False,
    )
    _log_warnings_of_libraries()


def _log_warnings_of_libraries() -> None:
    """Python would print them on stderr as they are."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))
    logging.captureWarnings(capture=True)


def _level(log_format: LogFormat, detail: Detail) -> str:
    if detail == "quiet":
        return "error"
    return "warning" if detail == "normal" and log_format == "auto" and stderr_is_terminal() else "info"


# ---- processors


def _shorten(logger: Any, method: str, event: Event) -> Event:
    """Leaves out what a person does not need during the run; JSON events and the report have everything.

    The table identifies the step, and the report repeats errors with their hints.
    """
    shown = {
        name: value for name, value in event.items() if name not in _REPEATED and value not in (None, [], "")
    }
    if event["event"] != events.EXPORT_FAILED:
        shown.pop("export_arn", None)
    if "exc_info" not in shown and event["event"] == events.STEP_FAILED:
        shown.pop("hint", None)
    return {"table": shown.pop("table"), **shown} if "table" in shown else shown


def _escape(logger: Any, method: str, event: Event) -> Event:
    """No value can begin a line, move the cursor or show a secret."""
    error = event.pop("exc_info", None)
    return {**escaped(event), "exc_info": error}


def _for_people(*, sentences: bool) -> Processor:
    """``sentences``: whoever watches the progress need not know the names of events."""
    in_columns = structlog.dev.ConsoleRenderer(
        colors=stderr_is_terminal() and not os.environ.get("NO_COLOR"),
        exception_formatter=structlog.dev.plain_traceback,
        pad_event_to=20,
        sort_keys=False,
    )

    def render(logger: Any, method: str, event: Event) -> str:
        return (_to_sentence(event) if sentences else None) or in_columns(logger, method, event)

    return render


def _to_sentence(event: Event) -> str | None:
    """``warning: orders: MESSAGE``; None if the event has no message for people, or a traceback."""
    message = event.get("message")
    if not message or "exception" in event:
        return None
    table, backup = event.get("table"), event.get("backup")
    said = ", ".join(str(each) for each in (table, backup if str(backup) not in message else None) if each)
    hint = f"\nhint: {event['hint']}" if event.get("hint") else ""
    return f"{event.get('level', 'warning')}: {said}{': ' if said else ''}{message}{hint}"


def _format_traceback(logger: Any, method: str, event: Event) -> Event:
    """``exception`` is the traceback of ``exc_info`` without the values of variables, which rich would show."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["exception"] = format_traceback(error).rstrip("\n")
    return event


def _to_json(logger: Any, method: str, event: Event) -> str:
    def as_text(value: object) -> str:
        return SECRETS.mask(str(value))

    return escape_json(json.dumps(masked(event), ensure_ascii=False, default=as_text))
