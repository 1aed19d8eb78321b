"""``${VAR}``, ``${VAR:-default}``, ``${VAR:?message}`` and ``$$`` in the values of a parsed plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ddbbackup.plan.document import Document, ValuePath, members
from ddbbackup.plan.schemas import admits_string, schemas_at
from ddbbackup.plan.yaml_scalars import resolve_scalar
from ddbbackup.problems import Problem, ProblemCode

_EXPRESSION: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:[-?])(?P<operand>[^}]*))?\}|)",
    re.DOTALL,
)


class ExpressionError(Exception):
    """A variable without a value, or a ``$`` that begins no expression; the members are those of a ``Problem``."""

    def __init__(self, code: ProblemCode, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.code: ProblemCode = code
        self.message = message
        self.hint = hint


def interpolate(document: Document, environ: Mapping[str, str]) -> tuple[Document, tuple[Problem, ...]]:
    """The document with every expression replaced by its value, and a problem for each that has none.

    Keys are never interpolated, nor is anything that the schema does not describe: unknown keys and ``x-`` keys.
    Where the schema takes no string, the result is read as a YAML scalar, so that a number from the environment is
    a number. The source text stays in ``written``, for messages.
    """
    written = dict(document.written)
    interpolated = set(document.interpolated)
    problems: list[Problem] = []

    def fill(path: ValuePath, value: Any) -> Any:
        if isinstance(value, dict | list):
            filled = {key: fill((*path, key), member) for key, member in members(value)}
            return filled if isinstance(value, dict) else list(filled.values())
        if not isinstance(value, str) or "$" not in value:
            return value
        schemas = schemas_at(path)
        if not schemas:
            return value
        written[path] = value
        try:
            text = substitute(value, environ)
        except ExpressionError as error:
            problems.append(document.problem(path, error.code, error.message, hint=error.hint))
            return value
        interpolated.add(path)
        return text if any(map(admits_string, schemas)) else _number_or_text(text)

    data = fill((), document.data)
    return replace(document, data=data, written=written, interpolated=frozenset(interpolated)), tuple(
        problems
    )


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with its expressions replaced. Raises ``ExpressionError``."""

    def value_of(match: re.Match[str]) -> str:
        name, operator, operand = match["name"], match["operator"], match["operand"]
        if match["dollar"]:
            return "$"
        if name is None:
            raise ExpressionError(
                "bad-expression",
                "unescaped `$`",
                hint="write `$$` for a dollar sign, or `${NAME}` for a variable",
            )
        value = environ.get(name, "")
        if value or (name in environ and operator is None):
            return value
        if operator == ":-":
            return str(operand)
        state = "is empty" if name in environ else "is not set"
        reason = f": {operand}" if operand else ""
        hint = f"set {name}" if operator else f"set {name}, or write `${{{name}:-DEFAULT}}`"
        raise ExpressionError("unset-variable", f"environment variable {name} {state}{reason}", hint=hint)

    return _EXPRESSION.sub(value_of, text)


def _number_or_text(text: str) -> int | bool | str:
    value = resolve_scalar(text)
    return value if isinstance(value, int) else text
