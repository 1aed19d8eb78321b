"""The effective plan as YAML, with the source of each value in a comment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.plan.yaml_scalars import resolve_scalar
from ddbbackup.safe_text import escape

if TYPE_CHECKING:
    from ddbbackup.report.documents.show import EffectivePlan, EffectiveValue

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./${}-")
_WIDEST: Final = 60  # comments are aligned in one column, except after longer values

Keys = tuple[str | int, ...]


def annotated_yaml(plan: EffectivePlan) -> str:
    """An equivalent plan: one value on each line, with its ``file:line`` as a comment."""
    lines = list(_lines(plan.values))
    width = max((len(text) for text, _ in lines if len(text) <= _WIDEST), default=0)
    return "".join(f"{text.ljust(width)}  # {note}\n" if note else f"{text}\n" for text, note in lines)


def _lines(values: Sequence[EffectiveValue]) -> Iterator[tuple[str, str]]:
    """Each line with its comment; lines that only open a mapping or a list have none."""
    previous: Keys = ()
    for value in values:
        prefix = ""  # the dashes of list elements that begin on this value's line
        for depth in range(_common_length(previous, value.keys), len(value.keys) - 1):
            prefix, opened = _open(value.keys, depth, prefix)
            if opened:
                yield opened, ""
        place = f"{escape(value.file)}:{value.line}" + (" (defaults)" if value.by_default else "")
        last = value.keys[-1]
        indent = prefix or _indent(len(value.keys) - 1)
        yield indent + ("- " if isinstance(last, int) else f"{_scalar(last)}: ") + _data(value), place
        previous = value.keys


def _open(keys: Keys, depth: int, prefix: str) -> tuple[str, str]:
    """Opens ``keys[depth]``: a list element adds its dash to the next line, a key gets its own line."""
    indent = prefix or _indent(depth)
    key = keys[depth]
    return (f"{indent}- ", "") if isinstance(key, int) else ("", f"{indent}{_scalar(key)}:")


def _indent(depth: int) -> str:
    return "  " * depth


def _common_length(one: Keys, other: Keys) -> int:
    """The number of leading keys that both share."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _data(value: EffectiveValue) -> str:
    return _scalar(value.value if value.expression is None else value.expression)


def _scalar(data: Any) -> str:
    """A YAML 1.2 scalar; strings are quoted unless they can only be read as strings."""
    if isinstance(data, str):
        plain = data and set(data) <= _PLAIN and data[0] not in "-{}." and resolve_scalar(data) == data
        return data if plain else json.dumps(data, ensure_ascii=False)
    return json.dumps(data)
