"""Tracebacks for bug reports: where an error happened, without the data that it happened to."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Final

from ddbbackup.errors import DdbBackupError
from ddbbackup.safe_text import escape, escape_lines

# Their texts are our own, or name files, types and attributes. The text of any other exception may quote an item:
# `int()` and dictionaries quote the value that they do not accept.
_WITH_TEXT: Final = (DdbBackupError, OSError, TypeError, AttributeError, NameError, ImportError)
_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


def format_traceback(error: BaseException) -> str:
    """Several lines, as Python prints them, but without values of variables and texts that may hold item data."""
    return escape_lines("".join(_format(error, seen=set())))


def _format(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _format(before, seen=seen)
        yield _CAUSE if before is error.__cause__ else _CONTEXT
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    text = f": {escape(str(error))}" if isinstance(error, _WITH_TEXT) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{text}\n".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            if id(each) not in seen:
                yield "\nOne of its exceptions:\n\n"
                yield from _format(each, seen=seen)
