"""A file, or text, to a ``Document``. Whatever the bytes are, the result is a document or problems."""

from __future__ import annotations

import errno
import glob
import os
import re
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Final

import yaml

from ddbbackup.os_errors import os_reason, unreadable_hint
from ddbbackup.plan.document import Document
from ddbbackup.plan.yaml_composer import Unreadable, compose
from ddbbackup.problems import STDIN, Problem, ProblemCode
from ddbbackup.suggestions import closest

MAX_BYTES: Final = 1 << 20
_ABOVE: Final = (Path(".."), Path("../.."), Path("../../.."))

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: str | Path) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document of one file, with its problems; None if it cannot be parsed at all."""
    file = str(path)
    try:
        return _parse(_decode(_read_bytes(Path(path), file), file), file)
    except Unreadable as error:
        return None, (error.problem,)


def parse(text: str, file: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The same for text; ``file`` is its name in problems."""
    try:
        return _parse(text, file)
    except Unreadable as error:
        return None, (error.problem,)


def parse_bytes(content: bytes, file: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The same for the bytes of a file."""
    try:
        return _parse(_decode(_limited(content, file), file), file)
    except Unreadable as error:
        return None, (error.problem,)


def _read_bytes(path: Path, file: str) -> bytes:
    try:
        with _stdin() if file == STDIN else path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        shown = file if path.is_absolute() or file.startswith(".") else f"./{file}"
        raise _whole_file(
            file,
            "no-file",
            f"no plan found: {shown} does not exist",
            hint=_hint_of_absent(path),
        ) from None
    except OSError as error:
        raise _unreadable(file, os_reason(error), unreadable_hint(path, error)) from None
    except ValueError as error:  # a path with a null character
        raise _unreadable(file, str(error), "correct the path") from None
    return _limited(content, file)


def _hint_of_absent(path: Path) -> str:
    """Where the plan probably is: under a name that is nearly the same, or in a folder above."""
    if glob.has_magic(str(path)):
        return "name one plan: only `status`, `report` and `validate` take a pattern for several"
    near = closest(path.name, _plans_in(path.parent))
    if near is not None:
        return f"use `-f {shlex.quote(str(path.with_name(near)))}`"
    if not path.is_absolute():
        for above in _ABOVE:
            if (above / path).is_file():
                return f"use `-f {shlex.quote(str(above / path))}`"
    return "name a plan with -f, or create one with `ddbbackup init`"


def _plans_in(folder: Path) -> list[str]:
    try:
        return sorted(
            each.name for each in folder.iterdir() if each.suffix in (".yaml", ".yml") and each.is_file()
        )
    except OSError:
        return []


def _unreadable(file: str, reason: str, hint: str) -> Unreadable:
    return _whole_file(file, "unreadable", f"the file cannot be read: {reason}", hint=hint)


def _limited(content: bytes, file: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise _whole_file(
            file, "too-large", "the file is larger than 1 MiB", hint="check that -f names a plan"
        )
    return content


def _stdin() -> AbstractContextManager[IO[bytes]]:
    """Open after the reading too. Raises ``OSError`` if the process has none."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return nullcontext(sys.stdin.buffer)


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        message, hint = "the file is not valid UTF-8", "save the file as UTF-8"
        raise Unreadable(Problem(file, line, column, "", "not-utf-8", message, hint)) from None


def _parse(text: str, file: str) -> tuple[Document, tuple[Problem, ...]]:
    try:
        document, problems = compose(yaml.parse(text, Loader=_LOADER), file)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax_problem(error, text, file)) from None
    except yaml.YAMLError:  # the reader's own error, which has no mark
        raise Unreadable(_character_problem(text, file)) from None
    if document.data is None:
        raise _whole_file(
            file, "empty", "the plan is empty", hint="create a starter plan with `ddbbackup init`"
        )
    if not isinstance(document.data, dict):
        kind = "list" if isinstance(document.data, list) else "scalar"
        raise _whole_file(
            file,
            "not-a-mapping",
            f"the plan is a {kind}, not a mapping",
            hint="begin the plan with `version: 1`",
        )
    return document, problems


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    reason = str(error.problem or error.context or "it cannot be parsed")
    hint = "check the indentation and the quotes of this line and the line before"
    lines = text.split("\n")
    if line <= len(lines) and lines[line - 1][:column].endswith("\t"):
        hint = "use spaces instead of tabs for indentation"
    return Problem(file, line, column, "", "syntax", f"invalid YAML: {reason}", hint)


def _character_problem(text: str, file: str) -> Problem:
    match = _FORBIDDEN.search(text)
    before = text[: match.start()] if match else ""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    character = f"the character U+{ord(match[0]):04X}" if match else "a character"
    message = f"the file contains {character}, which YAML does not allow"
    return Problem(file, line, column, "", "syntax", message, "remove the character")


def _whole_file(file: str, code: ProblemCode, message: str, *, hint: str) -> Unreadable:
    return Unreadable(Problem(file, 1, 1, "", code, message, hint))
