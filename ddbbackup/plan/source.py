"""YAML text to a ``Document``: YAML 1.2's core scalars, no tags, no surprises, bounded in every direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, Final

import yaml

from ddbbackup.plan.document import Document, Mark, Path
from ddbbackup.problems import Problem

LIMIT_BYTES: Final = 1 << 20
LIMIT_DEPTH: Final = 32
LIMIT_NODES: Final = 50_000

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUES: Final = frozenset(("true", "True", "TRUE"))
_FALSES: Final = frozenset(("false", "False", "FALSE"))
_INT: Final = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL: Final = re.compile(r"0o[0-7]+\Z")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL: Final = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")


class Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


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
    composer = _Composer(name)
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


class _Composer:
    """Builds data from parser events; recursion is bounded by ``LIMIT_DEPTH``."""

    def __init__(self, name: str) -> None:
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.written: dict[Path, str] = {}
        self.problems: list[Problem] = []
        self._name = name
        self._anchors: dict[str, tuple[Any, Path]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._depth = 0

    def document(self, events: Iterator[Any]) -> Any:
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(
                        event, "several-documents", "the file holds several documents", "keep one plan a file"
                    )
            elif isinstance(event, yaml.NodeEvent):
                data = self._node(event, events, ())
        if not self.values:
            self.values[()] = Mark(self._name, 1, 1)
        return data

    def _node(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        self._count(event)
        self.values[path] = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if event.tag is not None and event.tag != "!":
            self._report(event, path, "tag", f"tags such as {event.tag!r} are not accepted", "remove the tag")
        anchor = event.anchor
        if anchor:
            self._open.add(anchor)
        self._depth += 1
        if self._depth > LIMIT_DEPTH:
            self._stop(
                event, "too-deep", f"values are nested deeper than {LIMIT_DEPTH} levels", "flatten the plan"
            )
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = self._mapping(events, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(events, path)
        else:
            value = self._scalar(event, path)
        self._depth -= 1
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, path)
        return value

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(event, "key", "a key is not a plain text", "write keys as words")
            key = event.value
            inner = (*path, key)
            if key in found:
                self._report(
                    event, inner, "duplicate-key", f"the key `{key}` stands here twice", "keep one of them"
                )
                self._node(next(events), events, (*path, f"{key} (again)"))
                continue
            if key == "<<" and event.implicit[0]:
                hint = "repeat the keys, or put them under `defaults`"
                self._report(event, inner, "merge-key", "merge keys (`<<`) are not part of YAML 1.2", hint)
                self._node(next(events), events, inner)
                continue
            self.keys[inner] = self._mark(event)
            found[key] = self._node(next(events), events, inner)
        return found

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        found: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._node(event, events, (*path, len(found))))
        return found

    def _scalar(self, event: Any, path: Path) -> Any:
        if not event.implicit[0]:  # quoted or block: text as it stands
            return event.value
        value = resolve(event.value)
        if not isinstance(value, str):
            self.written[path] = event.value
        return value

    def _alias(self, event: Any, path: Path) -> Any:
        name = event.anchor
        if name in self._open:
            self._stop(event, "recursive-alias", f"the alias *{name} contains itself", "write the value out")
        if name not in self._anchors:
            self._stop(
                event, "unknown-alias", f"there is no anchor &{name} before this alias", "define it first"
            )
        value, source = self._anchors[name]
        return self._copy(value, source, path, event)

    def _copy(self, value: Any, source: Path, path: Path, event: Any) -> Any:
        self._count(event)
        self.values[path] = self._mark(event)
        if source in self.written:
            self.written[path] = self.written[source]
        if isinstance(value, dict):
            for key in value:
                self.keys[(*path, key)] = self._mark(event)
            return {k: self._copy(v, (*source, k), (*path, k), event) for k, v in value.items()}
        if isinstance(value, list):
            return [self._copy(v, (*source, i), (*path, i), event) for i, v in enumerate(value)]
        return value

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > LIMIT_NODES:
            self._stop(
                event, "too-many-values", f"the plan holds more than {LIMIT_NODES} values", "split the plan"
            )

    def _mark(self, event: Any) -> Mark:
        return Mark(self._name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _report(self, event: Any, path: Path, code: str, message: str, hint: str) -> None:
        document = Document(None, {(): self._mark(event)}, {})
        self.problems.append(document.problem(path, code, message, hint=hint))

    def _stop(self, event: Any, code: str, message: str, hint: str) -> None:
        raise Unreadable(Problem(*self._mark(event), "", code, message, hint))


def resolve(text: str) -> Any:
    """YAML 1.2's core schema: ``NO`` and ``12:30`` are strings, ``0o17`` is a number."""
    if text in _NULLS:
        return None
    if text in _TRUES:
        return True
    if text in _FALSES:
        return False
    if len(text) > 100:
        return text
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text) or _HEX.match(text):
        return int(text, 0)
    if _FLOAT.match(text) or _SPECIAL.match(text):
        return float(
            text.replace(".inf", "inf")
            .replace(".Inf", "inf")
            .replace(".INF", "inf")
            .replace(".n", "n")
            .replace(".N", "n")
        )
    return text
