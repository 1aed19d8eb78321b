"""A file, or text, to a ``Document``; whatever it is, it gives problems and never a traceback."""

from __future__ import annotations

from pathlib import Path as File
from typing import Final

import yaml

from ddbbackup.plan.document import Document
from ddbbackup.plan.yaml_composer import Composer, Unreadable
from ddbbackup.problems import Problem

LIMIT_BYTES: Final = 1 << 20

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: str | File) -> tuple[Document | None, tuple[Problem, ...]]:
    """One file. A document comes back also with problems, unless it could not be parsed at all."""
    name = str(path)
    try:
        return _compose(_decode(_bytes(File(path), name), name), name)
    except Unreadable as stop:
        return None, (stop.problem,)


def parse(text: str, name: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The same from text."""
    try:
        return _compose(text, name)
    except Unreadable as stop:
        return None, (stop.problem,)


def _whole(name: str, code: str, message: str, hint: str) -> Unreadable:
    return Unreadable(Problem(name, 1, 1, "", code, message, hint))


def _bytes(path: File, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise _whole(
            name,
            "no-file",
            "there is no such file",
            "name the plan with -f, or write one with `ddbbackup init`",
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _whole(
            name, "unreadable", f"the file cannot be read: {reason}", "name a readable file"
        ) from None
    if len(content) > LIMIT_BYTES:
        raise _whole(
            name, "too-large", f"the file is larger than {LIMIT_BYTES} bytes", "name a plan: they are some kB"
        )
    return content


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = Problem(
            name, line, column, "", "not-utf-8", "the file is not UTF-8", "save it with the encoding UTF-8"
        )
        raise Unreadable(problem) from None


def _compose(text: str, name: str) -> tuple[Document | None, tuple[Problem, ...]]:
    composer = Composer(name)
    try:
        data = composer.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(error, name, text)) from None
    except yaml.YAMLError as error:  # a reader's error: a character that YAML forbids
        message = f"the file holds a character that YAML forbids ({str(error).splitlines()[0]})"
        raise _whole(name, "syntax", message, "remove control characters from the file") from None
    document = Document(data, composer.values, composer.keys, composer.written)
    if data is None:
        raise _whole(name, "empty", "the plan is empty", "write a starter plan with `ddbbackup init`")
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise _whole(
            name,
            "not-a-map",
            f"the plan is {kind}, not a map of keys",
            "begin with `version: 1` and `name: ...`",
        )
    return document, tuple(composer.problems)


def _syntax(error: yaml.MarkedYAMLError, name: str, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = str(error.problem or error.context or "it cannot be parsed")
    hint = "compare the indentation and quotes of this line and the one before"
    lines = text.split("\n")
    if line <= len(lines) and lines[line - 1][:column].endswith("\t"):
        hint = "indent with spaces: YAML allows no tabs there"
    return Problem(name, line, column, "", "syntax", f"this is not YAML: {said}", hint)
