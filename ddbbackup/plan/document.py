"""A parsed YAML document: plain data, and where each of its values and keys was written."""

from __future__ import annotations

from collections.abc import Mapping
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

    def forget(path: Path) -> None:
        for marks in (values, keys, written):
            for known in [p for p in marks if p[: len(path)] == path]:
                del marks[known]
        interpolated.difference_update({p for p in interpolated if p[: len(path)] == path})

    def lay(path: Path, low: Any, high: Any) -> Any:
        if isinstance(low, dict) and isinstance(high, dict):
            merged = {k: lay((*path, k), v, high[k]) if k in low and k in high else v for k, v in low.items()}
            for key, value in high.items():
                if key not in low:
                    merged[key] = take((*path, key), value)
            return merged
        forget(path)
        return take(path, high)

    def take(path: Path, value: Any) -> Any:
        for marks, source in ((values, over.values), (keys, over.keys)):
            marks.update({p: mark for p, mark in source.items() if p[: len(path)] == path})
        written.update({p: text for p, text in over.written.items() if p[: len(path)] == path})
        interpolated.update(p for p in over.interpolated if p[: len(path)] == path)
        return value

    data = lay((), base.data, over.data)
    return Document(data, values, keys, written, frozenset(interpolated))
