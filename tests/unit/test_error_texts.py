"""Errors in the code: a message has no final period, and its hint begins with a verb (CONTRIBUTING.md, Messages)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ddbbackup

CODE = Path(ddbbackup.__file__).parent
VERBS = frozenset(
    re.findall(
        r"\w+",
        """
        add allow append ask begin change check choose compare compress convert copy correct create define delete do
        enable exclude export fetch find fix flatten free give install keep look make move name narrow pass put raise
        read redirect remove report restore retrieve run select set sign split swap synchronize use verify wait write
        """,
    )
)
"""So that a new one is a decision: the reader is told one thing to do."""


def texts(value: ast.expr | None) -> Iterator[tuple[str, str]]:
    """Beginning and end of what may be the text, as far as they are written in this place."""
    match value:
        case ast.Constant(value=str(text)):
            yield text, text
        case ast.JoinedStr(values=[first, *_, last] | [first as last]):
            yield (
                str(first.value) if isinstance(first, ast.Constant) else "",
                str(last.value) if isinstance(last, ast.Constant) else "",
            )
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)


def errors() -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """Every call with a hint: of an error, or of a problem of a plan."""
    for path in sorted(CODE.rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "hint":
                        yield f"{path.relative_to(CODE)}:{node.lineno}", node, keyword.value


def test_hints_begin_with_a_verb() -> None:
    found = [
        (place, begin)
        for place, _, hint in errors()
        for begin, _ in texts(hint)
        if begin and begin.split()[0].rstrip(",:") not in VERBS
    ]
    assert found == []
    assert sum(1 for _ in errors()) > 300, "the search finds them"


def test_neither_messages_nor_hints_end_with_a_period() -> None:
    found = [
        (place, end)
        for place, call, hint in errors()
        for value in (*call.args[:1], hint)
        for _, end in texts(value)
        if end.endswith(".")
    ]
    assert found == []
