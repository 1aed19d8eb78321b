"""``${VAR}``, ``${VAR:-default}``, ``${VAR:?message}`` and ``$$``, in values only, after parsing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ddbbackup.plan.document import Document, Path
from ddbbackup.problems import Problem

_EXPRESSION: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<kind>:[-?])(?P<rest>[^}]*))?\}|(?P<bad>.?))",
    re.DOTALL,
)
_INTEGERS: Final = frozenset(
    ("version", "min", "max", "keep_last", "keep_daily", "keep_weekly", "keep_monthly", "min_verified")
) | {"write_units_per_second", "workers"}


class _Unset(Exception):
    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def interpolate(document: Document, environ: Mapping[str, str]) -> tuple[Document, tuple[Problem, ...]]:
    """The same document with every expression filled in. What was written is kept for messages."""
    written = dict(document.written)
    filled: set[Path] = set()
    problems: list[Problem] = []

    def walk(path: Path, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk((*path, key), member) for key, member in value.items()}
        if isinstance(value, list):
            return [walk((*path, index), member) for index, member in enumerate(value)]
        if not isinstance(value, str) or "$" not in value:
            return value
        try:
            result = substitute(value, environ)
        except _Unset as error:
            problems.append(document.problem(path, error.code, error.message, hint=error.hint))
            result = ""
        written[path] = value
        filled.add(path)
        # A number that came from the environment is still a number where one is needed.
        if path and path[-1] in _INTEGERS and re.fullmatch(r"[0-9]{1,18}", result):
            return int(result)
        return result

    data = walk((), document.data)
    failed = {(problem.file, problem.line, problem.column) for problem in problems}
    filled = {path for path in filled if tuple(document.values[path]) not in failed}
    return (
        replace(document, data=data, written=written, interpolated=document.interpolated | filled),
        tuple(problems),
    )


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """Raises ``_Unset`` for a variable without value and for a ``$`` that begins nothing."""

    def fill(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        name, kind = found["name"], found["kind"]
        if name is None:
            raise _Unset(
                "bad-expression",
                "a `$` stands here that begins no ${VARIABLE}",
                "write `$$` for a dollar sign",
            )
        value = environ.get(name, "")
        if value or (name in environ and kind is None):
            return value
        if kind == ":-":
            return str(found["rest"])
        if kind == ":?":
            raise _Unset(
                "unset-variable", f"{name} is not set: {found['rest']}", f"set {name} in the environment"
            )
        raise _Unset(
            "unset-variable", f"the variable {name} is not set", f"set {name}, or write ${{{name}:-default}}"
        )

    return _EXPRESSION.sub(fill, text)
