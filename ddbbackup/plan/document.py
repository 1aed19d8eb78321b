"""A parsed YAML document: plain data, and where each value and key of it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from ddbbackup.problems import Problem, ProblemCode

ValuePath = tuple[str | int, ...]
"""The keys and indexes that lead to a value: ``("tables", 2, "rpo")``."""

_LONGEST_SHOWN: Final = 80


class Mark(NamedTuple):
    """A position in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """``values`` and ``keys`` hold the marks of values and of mapping keys by path.

    ``written`` holds the source text of the scalars that differ from it: numbers, booleans, nulls, and strings with
    ``${…}``. Messages must not repeat the values of the latter; ``interpolated`` has their paths. ``openings`` holds,
    for each string that is written as it is, how many characters after its mark it begins.
    """

    data: Any
    values: Mapping[ValuePath, Mark]
    keys: Mapping[ValuePath, Mark]
    written: Mapping[ValuePath, str] = field(default_factory=dict)
    interpolated: frozenset[ValuePath] = frozenset()
    openings: Mapping[ValuePath, int] = field(default_factory=dict)

    def problem(
        self, path: ValuePath, code: ProblemCode, message: str, *, hint: str, at_key: bool = False
    ) -> Problem:
        """A problem at a value, or at its key; for a path that is not written, at the nearest value around it."""
        marks = self.keys if at_key else self.values
        place = path
        while place and place not in marks:
            place, marks = place[:-1], self.values
        mark = marks.get(place) or self.values[()]
        return Problem(mark.file, mark.line, mark.column, format_path(path), code, message, hint)

    def problem_within(
        self, path: ValuePath, offset: int, code: ProblemCode, message: str, *, hint: str
    ) -> Problem:
        """A problem at a character of a string; at its beginning, if the place in the file is not certain."""
        problem = self.problem(path, code, message, hint=hint)
        opening = self.openings.get(path)
        if opening is None or path in self.interpolated:
            return problem
        return replace(problem, column=problem.column + opening + offset)

    def show(self, path: ValuePath, value: Any) -> str:
        """A scalar for a message, as it is written: strings in quotes, never the value of a variable."""
        text = str(self.written.get(path, value))
        text = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
        return repr(text) if isinstance(value, str) or path in self.interpolated else text


def format_path(path: ValuePath) -> str:
    """``tables[2].rpo``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def overlay(base: Document, over: Document) -> Document:
    """``over`` laid over ``base``: mappings merge, lists and scalars replace. Every value keeps its own mark."""
    values, keys, written = dict(base.values), dict(base.keys), dict(base.written)
    interpolated, openings = set(base.interpolated), dict(base.openings)

    def merge(path: ValuePath, low: Any, high: Any) -> Any:
        if not (isinstance(low, dict) and isinstance(high, dict)):
            forget(path, low)
            return take(path, high)
        merged = dict(low)
        for key, value in high.items():
            inner = (*path, key)
            merged[key] = merge(inner, low[key], value) if key in low else take(inner, value)
        return merged

    def forget(path: ValuePath, value: Any) -> None:
        for inner in paths_within(path, value):
            for marks in (values, keys, written, openings):
                marks.pop(inner, None)
            interpolated.discard(inner)

    def take(path: ValuePath, value: Any) -> Any:
        for inner in paths_within(path, value):
            for marks, over_marks in ((values, over.values), (keys, over.keys)):
                if inner in over_marks:
                    marks[inner] = over_marks[inner]
            if inner in over.written:
                written[inner] = over.written[inner]
            if inner in over.openings:
                openings[inner] = over.openings[inner]
            if inner in over.interpolated:
                interpolated.add(inner)
        return value

    data = merge((), base.data, over.data)
    return Document(data, values, keys, written, frozenset(interpolated), openings)


def paths_within(path: ValuePath, value: Any) -> Iterator[ValuePath]:
    """``path`` and the paths of everything inside ``value``, in the order of the document."""
    yield path
    for key, member in members(value):
        yield from paths_within((*path, key), member)


def members(value: Any) -> Iterator[tuple[str | int, Any]]:
    """The keys or indexes of a mapping or a list with their values; nothing for a scalar."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
