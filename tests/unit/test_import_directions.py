"""Who may import whom (the rooms of the architecture)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "ddbbackup"
FIRST = {"errors", "exit_codes", "problems", "ports", "events", "times"}
PURE = FIRST | {"plan", "archive"}
INSIDE = PURE | {"catalog", "transfer", "checks", "steps"}
MAY_IMPORT = {
    **dict.fromkeys(FIRST, FIRST),
    "plan": PURE,
    "archive": PURE,
    "catalog": INSIDE,
    "transfer": INSIDE,
    "checks": PURE | {"checks"},
    "steps": INSIDE,
    "executor": INSIDE,
    "preview": INSIDE,
    "doctor": INSIDE | {"doctor"},
    "policies": INSIDE | {"doctor", "policies"},
    "report": INSIDE | {"policies", "preview", "report"},
    "web": FIRST,
    "notify": INSIDE | {"report", "web", "notify"},
    "metrics": INSIDE | {"report", "web", "notify", "metrics"},
    "aws": FIRST | {"aws"},
    "sandbox": FIRST | {"sandbox"},
    "cli": INSIDE
    | {"executor", "preview", "doctor", "policies", "report", "notify", "metrics", "aws", "sandbox", "cli"},
    "__main__": {"cli"},
    "__init__": set(),
}
SDKS = {"boto3", "botocore", "moto"}


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth, except those that only type checkers see."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively, which this test does not follow"
            if node.module == "ddbbackup":
                yield from (f"ddbbackup.{alias.name}" for alias in node.names if alias.name != "__version__")
            else:
                yield node.module or ""


def room(module: str) -> str:
    return module.split(".")[1]


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    """Pure planning stays apart from effects, and AWS behind its door."""
    here = file.relative_to(ROOT).parts[0].removesuffix(".py")
    for module in imports(file):
        if module.startswith("ddbbackup."):
            assert room(module) in MAY_IMPORT[here], f"{here} must not import {module}"
        if module.split(".")[0] in SDKS:
            assert here in {"aws", "sandbox"}, f"only aws and the sandbox may import {module}"


def test_every_room_is_listed() -> None:
    """A new room has to say what it may import."""
    found = {file.relative_to(ROOT).parts[0].removesuffix(".py") for file in FILES}
    assert found == set(MAY_IMPORT)
