"""Problems of a plan as text, JSON and GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

from ddbbackup.problems import Problem

FORMAT_VERSION = 1
Format = Literal["text", "json", "github"]


def render(problems: Sequence[Problem], output: Format) -> str:
    """Empty for no problems, but for JSON, which is always one document."""
    if output == "json":
        document = {"format_version": FORMAT_VERSION, "problems": [asdict(problem) for problem in problems]}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    line = _annotation if output == "github" else _text
    return "".join(line(problem) for problem in problems)


def _text(problem: Problem) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}"
    path = f" {problem.path}:" if problem.path else ""
    return f"{place}:{path} {problem.message}\n  hint: {problem.hint}\n"


def _annotation(problem: Problem) -> str:
    """GitHub guide: Workflow commands; values and text escape differently."""
    properties = {
        "file": problem.file,
        "line": str(problem.line),
        "col": str(problem.column),
        "title": f"ddbbackup: {problem.path or 'plan'}",
    }
    spelled = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties.items())
    return f"::error {spelled}::{_escape(f'{problem.message}; hint: {problem.hint}')}\n"


def _escape(text: str, more: str = "") -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
