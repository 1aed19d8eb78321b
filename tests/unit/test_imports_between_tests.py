"""Tests share code through ``tests/support``, so that no test depends on the fixtures and names of another."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).parents[1]


def offences(*, of: str = "**/*.py", may: Callable[[Path, str], bool]) -> dict[str, list[str]]:
    """The imports from ``tests`` that modules may not have, by module."""
    found = {
        str(path.relative_to(TESTS)): sorted(name for name in _imports(path) if not may(path, name))
        for path in TESTS.glob(of)
    }
    return {path: names for path, names in found.items() if names}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith(("tests.", "."))}


def test_no_module_imports_a_test_module() -> None:
    """Nor the conftest."""
    assert (
        offences(may=lambda path, name: not {"conftest"} & set(name.split(".")) and ".test_" not in name)
        == {}
    )


def test_support_imports_only_support() -> None:
    """It serves every kind of test."""
    assert offences(of="support/**/*.py", may=lambda path, name: name.startswith("tests.support.")) == {}


def test_each_kind_of_test_imports_support_and_itself() -> None:
    """A directory may hold code that only its own tests use, such as the programs of the benchmarks."""

    def may(path: Path, name: str) -> bool:
        own = path.relative_to(TESTS).parts[0]
        return name.startswith(("tests.support.", f"tests.{own}."))

    assert offences(may=may) == {}
