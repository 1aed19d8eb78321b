"""The effective plan as YAML with the place of every value beside it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ddbbackup.plan.document import ValuePath, format_path
from ddbbackup.plan.effective import Value
from ddbbackup.plan.yaml_scalars import resolve_scalar
from ddbbackup.report.renderers.json_documents import document

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./${}-")
_WIDEST: Final = 60  # comments stand in one column, but for values that are longer


def to_yaml(values: Sequence[Value]) -> str:
    """A plan that means the same in the same environment: one value a line, its ``file:line`` as a comment."""
    lines = list(_lines(values))
    width = max((len(text) for text, _ in lines if len(text) <= _WIDEST), default=0)
    return "".join(f"{text.ljust(width)}  # {note}\n" if note else f"{text}\n" for text, note in lines)


def to_json(values: Sequence[Value], files: Sequence[str]) -> str:
    """One document that ``schemas/show.schema.json`` describes."""
    return document(
        files=list(files),
        values=[
            {
                "path": format_path(value.path),
                "value": value.data,
                "expression": value.expression,
                "file": value.mark.file,
                "line": value.mark.line,
                "column": value.mark.column,
                "by_default": value.by_default,
            }
            for value in values
        ],
    )


def _lines(values: Sequence[Value]) -> Iterator[tuple[str, str]]:
    """Each line with its note; those that only open a map or a list have none."""
    before: ValuePath = ()
    for value in values:
        common = _common(before, value.path)
        lead = ""  # the dashes that open elements on this value's line
        for depth in range(common, len(value.path) - 1):
            lead, opened = _open(value.path, depth, lead)
            if opened:
                yield opened, ""
        place = f"{value.mark.file}:{value.mark.line}" + (" (defaults)" if value.by_default else "")
        last = value.path[-1]
        indent = lead or _indent(value.path, len(value.path) - 1)
        yield indent + ("- " if isinstance(last, int) else f"{_scalar(last)}: ") + _shown(value), place
        before = value.path


def _open(path: ValuePath, depth: int, lead: str) -> tuple[str, str]:
    """Opens ``path[depth]``: an element adds its dash to the next line, a key is a line of its own."""
    indent = lead or _indent(path, depth)
    part = path[depth]
    return (f"{indent}- ", "") if isinstance(part, int) else ("", f"{indent}{_scalar(part)}:")


def _indent(path: ValuePath, depth: int) -> str:
    return "  " * depth


def _common(one: ValuePath, other: ValuePath) -> int:
    """How many leading parts are the same."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _shown(value: Value) -> str:
    return _scalar(value.data if value.expression is None else value.expression)


def _scalar(data: Any) -> str:
    """As YAML 1.2 reads it back; texts stay plain where nobody could take them for anything else."""
    if isinstance(data, str):
        plain = data and set(data) <= _PLAIN and data[0] not in "-{}." and resolve_scalar(data) == data
        return data if plain else json.dumps(data, ensure_ascii=False)
    return json.dumps(data)
