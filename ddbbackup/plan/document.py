"""A parsed YAML document: plain data, and where each of its values and keys was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ddbbackup.problems import Problem

Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """``values`` and ``keys`` hold the places of values and of mapping keys by path.

    ``written`` holds the text of those scalars whose value is not that text: numbers, booleans, nulls, and
    strings that ``${...}`` was filled into (which messages must not repeat).
    """

    data: Any
    values: Mapping[Path, Mark]
    keys: Mapping[Path, Mark]
    written: Mapping[Path, str] = field(default_factory=dict)
    interpolated: frozenset[Path] = frozenset()

    def problem(self, path: Path, code: str, message: str, *, hint: str, at_key: bool = False) -> Problem:
        """A problem at a value, or at its key; at the nearest place that was written if it was not itself."""
        marks = self.keys if at_key else self.values
        place = path
        while place and place not in marks:
            place, marks = place[:-1], self.values
        mark = marks.get(place) or self.values[()]
        return Problem(mark.file, mark.line, mark.column, spell(path), code, message, hint)

    def show(self, path: Path, value: Any) -> str:
        """A value as it was written, shortened; never what a variable held."""
        text = str(self.written.get(path, value))
        return repr(text if len(text) <= 80 else text[:77] + "...")


def spell(path: Path) -> str:
    """``tables[2].rpo``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def overlay(base: Document, over: Document) -> Document:
    """``over`` laid on ``base``: maps merge, lists and scalars replace; every value keeps its own place."""
    values, keys, written = dict(base.values), dict(base.keys), dict(base.written)
    interpolated = set(base.interpolated)

    def lay(path: Path, low: Any, high: Any) -> Any:
        if not (isinstance(low, dict) and isinstance(high, dict)):
            forget(path, low)
            return take(path, high)
        merged = dict(low)
        for key, value in high.items():
            inner = (*path, key)
            merged[key] = lay(inner, low[key], value) if key in low else take(inner, value)
        return merged

    def forget(path: Path, value: Any) -> None:
        for inner in within(path, value):
            for known in (values, keys, written):
                known.pop(inner, None)
            interpolated.discard(inner)

    def take(path: Path, value: Any) -> Any:
        for inner in within(path, value):
            for known, theirs in ((values, over.values), (keys, over.keys)):
                if inner in theirs:
                    known[inner] = theirs[inner]
            if inner in over.written:
                written[inner] = over.written[inner]
            if inner in over.interpolated:
                interpolated.add(inner)
        return value

    data = lay((), base.data, over.data)
    return Document(data, values, keys, written, frozenset(interpolated))


def within(path: Path, value: Any) -> Iterator[Path]:
    """The path itself, then those of everything inside, in the order of the document."""
    yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield from within((*path, key), member)
