"""Events of the log: what others wrote is escaped, secrets are masked, tracebacks show no values of variables."""

from __future__ import annotations

import json
import logging
from argparse import Namespace
from collections.abc import Iterator

import pytest
import structlog
from jsonschema import Draft202012Validator

from ddbbackup import events
from ddbbackup.cli import logs
from ddbbackup.cli.logs import LogFormat
from ddbbackup.errors import Bug
from ddbbackup.plan.schemas import schema_text
from ddbbackup.safe_text import SECRETS

HOSTILE = "x\x1b[2J\x9b\0\u202e\udc80\n::error::forged\r\n" + "y" * 100_000


@pytest.fixture(autouse=True)
def back_to_the_default() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, logs._Libraries)]:
        root.removeHandler(handler)


@pytest.fixture(autouse=True)
def a_known_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SECRETS, "_known", set())
    monkeypatch.setattr(SECRETS, "_pattern", None)
    SECRETS.add("hunter2-password")


def a_bug() -> Bug:
    token = "s3cr3t-" + "token"
    bug = Bug("unexpected")
    try:
        raise KeyError(f"{len(token)} {HOSTILE[:40]} hunter2-password")
    except KeyError as error:
        bug.__cause__ = error
    return bug


def logged(log_format: LogFormat, capsys: pytest.CaptureFixture[str]) -> str:
    logs.configure(log_format, run="r1", plan="p")
    log = structlog.get_logger()
    log.info(
        events.TARGET_WARNED, table=HOSTILE, message=HOSTILE, reason="to http://u:s3cr3t@h/ hunter2-password"
    )
    log.error(events.STEP_FAILED, step="s", table="t", error="Bug", message="m", hint="h", exc_info=a_bug())
    return capsys.readouterr().err


def test_every_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Readers get the same values, except for secrets."""
    lines = logged("json", capsys).splitlines()
    warned, failed = (json.loads(line) for line in lines)
    assert warned["message"] == HOSTILE
    assert warned["reason"] == "to http://***@h/ ***"
    assert failed["exception"].startswith("Traceback (most recent call last):\n")
    assert "\nKeyError\n" in failed["exception"], "its text may be data of an item"
    assert failed["exception"].endswith("\nddbbackup.errors.Bug: unexpected")
    for event in (warned, failed):
        Draft202012Validator(json.loads(schema_text("event"))).validate(event)
    text = "\n".join(lines)
    assert "s3cr3t" not in text
    assert "hunter2" not in text
    assert not set("\x1b\x9b\0\u202e\udc80") & set(text)


def test_the_log_for_people_is_as_safe(capsys: pytest.CaptureFixture[str]) -> None:
    """Every event is one line, long values are cut, and a traceback is plain."""
    text = logged("console", capsys)
    assert "s3cr3t" not in text
    assert "hunter2" not in text
    assert not set("\x1b\x9b\0\u202e\udc80") & set(text)
    assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []
    assert f"{len(HOSTILE)} characters" in text
    assert text.count(events.TARGET_WARNED) == 1
    assert "Traceback (most recent call last)" in text
    assert "╭" not in text, "rich would draw a box with the values of variables"


def test_the_log_for_people_has_no_empty_values(capsys: pytest.CaptureFixture[str]) -> None:
    """An export of a window has no number of items."""
    logs.configure("console", run="r", plan="p")
    structlog.get_logger().info(events.EXPORT_COMPLETED, table="orders", items=None)
    assert "items" not in capsys.readouterr().err


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_warning_of_a_library_is_an_event(
    log_format: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escaped, on one line, and without its traceback."""
    logs.configure(log_format, run="r1", plan="p")
    logs.configure(log_format, run="r1", plan="p")
    try:
        raise ValueError("hunter2-password")
    except ValueError:
        logging.getLogger("botocore.utils").warning("Refresh \x1b of %s failed", "x\ny", exc_info=True)
    logging.getLogger("botocore").info("not a warning")
    (line,) = capsys.readouterr().err.splitlines()
    assert "library.warned" in line
    assert "Traceback" not in line
    assert "\x1b" not in line
    if log_format == "json":
        event = json.loads(line)
        assert (event["library"], event["message"]) == (
            "botocore.utils",
            "Refresh \x1b of x\ny failed (ValueError)",
        )
        Draft202012Validator(json.loads(schema_text("event"))).validate(event)


@pytest.mark.parametrize(
    ("verb", "is_logged"),
    [("status", False), ("list", False), ("report", False), ("backup", False), ("restore", True)],
)
def test_what_a_list_says_below_itself_is_not_logged_on_the_same_terminal(
    verb: str, is_logged: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line comes before a `status`; before a restore, it is said while there is time to stop."""
    monkeypatch.setattr(logs, "stdout_is_terminal", lambda: True)
    options = Namespace(verb=verb, output="text", detail="normal", log_format="console")
    logs.configure_for(options, run="r", plan="p")
    structlog.get_logger().warning(events.BACKUP_PASSED_OVER, table="orders", backup="b", message="damaged")
    assert ("damaged" in capsys.readouterr().err) == is_logged


def test_a_warning_on_a_terminal_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not an event in columns, which a narrow terminal breaks. `-v` shows the event."""
    monkeypatch.setattr(logs, "stderr_is_terminal", lambda: True)
    warned = {"table": "orders", "backup": "b-1", "message": "s3://v/b-1.json is not JSON", "hint": "look"}
    logs.configure("auto", run="r", plan="p")
    structlog.get_logger().warning(events.RECORD_REJECTED, **warned)
    assert capsys.readouterr().err == "warning: orders: s3://v/b-1.json is not JSON\nhint: look\n"
    structlog.get_logger().warning(events.BACKUP_PASSED_OVER, table="orders", backup="b-1", message="damaged")
    assert capsys.readouterr().err == "warning: orders, b-1: damaged\n"
    logs.configure("auto", run="r", plan="p", detail="verbose")
    structlog.get_logger().warning(events.RECORD_REJECTED, **warned)
    assert events.RECORD_REJECTED in capsys.readouterr().err
