"""The result of ``show``: the effective plan, value by value, with the place where each was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ddbbackup.plan.document import format_path

if TYPE_CHECKING:
    from ddbbackup.plan.effective import Value


@dataclass(frozen=True, slots=True)
class EffectiveValue:
    """One value. ``path`` is ``keys`` as one string, such as ``tables[2].rpo``.

    ``value`` is a scalar, or an empty mapping or list. Where a variable was substituted, ``value`` is None and
    ``expression`` holds the text of the plan: the value may be a secret.
    """

    path: str
    keys: tuple[str | int, ...]
    value: Any
    expression: str | None
    file: str
    line: int
    column: int
    by_default: bool


@dataclass(frozen=True, slots=True)
class EffectivePlan:
    """``schemas/show.schema.json``. ``files`` are in the order of the ``-f`` options."""

    schema: ClassVar[Literal["show"]] = "show"

    files: tuple[str, ...]
    values: tuple[EffectiveValue, ...]


def effective_plan(files: Sequence[str], values: Sequence[Value]) -> EffectivePlan:
    return EffectivePlan(tuple(files), tuple(_value(value) for value in values))


def _value(value: Value) -> EffectiveValue:
    return EffectiveValue(
        path=format_path(value.path),
        keys=value.path,
        value=value.data,
        expression=value.expression,
        file=value.mark.file,
        line=value.mark.line,
        column=value.mark.column,
        by_default=value.by_default,
    )
