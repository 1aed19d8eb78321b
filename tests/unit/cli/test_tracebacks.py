"""A traceback says where, never with which data."""

from __future__ import annotations

import errno

import pytest

from ddbbackup.cli.tracebacks import format_traceback
from ddbbackup.errors import Bug, StepFailed


def traceback_of(*errors: BaseException) -> str:
    """Of the last error, each the cause of the next."""
    before: BaseException | None = None
    token = "hunter2" + "-token"
    for error in errors:
        try:
            assert token
            raise error from before
        except BaseException as raised:  # noqa: BLE001 - whatever the test passes
            before = raised
    assert before is not None
    return format_traceback(before)


def test_values_of_variables_are_not_shown() -> None:
    """Session tokens and external IDs are in local variables; rich prints those."""
    shown = traceback_of(ZeroDivisionError())
    assert "hunter2-token" not in shown
    assert shown.startswith("Traceback (most recent call last):\n")
    assert "test_tracebacks.py" in shown
    assert shown.endswith("\nZeroDivisionError\n")


@pytest.mark.parametrize(
    "error",
    [
        KeyError("s3cr3t"),
        ValueError("invalid literal: 's3cr3t'"),
        RuntimeError("s3cr3t"),
        Exception("s3cr3t"),
    ],
)
def test_a_text_that_may_hold_item_data_is_not_shown(error: Exception) -> None:
    """Also if the error is the cause of another."""
    for shown in (traceback_of(error), traceback_of(error, Bug("a bug"))):
        assert "s3cr3t" not in shown
        assert type(error).__name__ in shown


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StepFailed("could not x", hint="y"), "ddbbackup.errors.StepFailed: could not x"),
        (OSError(errno.ENOSPC, "No space left", "/f"), "OSError: [Errno 28] No space left: '/f'"),
        (TypeError("'int' object is not iterable"), "TypeError: 'int' object is not iterable"),
    ],
)
def test_a_text_about_the_program_is_shown(error: Exception, text: str) -> None:
    """It names files, types and attributes."""
    assert traceback_of(error).endswith(f"\n{text}\n")


def test_causes_and_groups_are_shown() -> None:
    """In the order of Python."""
    shown = traceback_of(
        KeyError("x"), ExceptionGroup("g", [ZeroDivisionError(), ExceptionGroup("h", [IndexError()])])
    )
    order = [
        "KeyError",
        "direct cause",
        "ExceptionGroup",
        "ZeroDivisionError",
        "ExceptionGroup",
        "IndexError",
    ]
    position = 0
    for word in order:
        position = shown.index(word, position)


def test_a_text_cannot_act_on_a_terminal() -> None:
    """Nor begin a line, or command a CI system."""
    shown = traceback_of(TypeError("x\x1b[2J\n::error::forged"))
    assert "\x1b" not in shown
    assert "\n::" not in shown


def test_a_circle_of_causes_ends() -> None:
    """Python allows it."""
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert format_traceback(one).count("ValueError") == 2
