"""What pages that people write say of the code: files, packages, targets and exit codes that are there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddbbackup import events
from ddbbackup.cli.grammar import grammar
from ddbbackup.plan.keys import plan_keys

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ddbbackup"
FOLDERS = ("ddbbackup", "tests", "tools", "docs", "schemas", "configs", ".github")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
FILES = {path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")}
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


OF_OTHERS = frozenset(
    (
        "--strict",
        "--force",
        "--reinstall",
        "--item",
        "--query",
        "--export-seconds",
        "--estimate",
        "--list",
        "--clean",
    )
) | {"--dry-run", "--json"}
"""Of mypy, pipx, uv, the AWS CLI, the sandbox, the live suite, and of programs whose words are understood."""
OF_RECORDS = frozenset(("chain.needs",))
"""Members of documents that read as a plan's keys and events do."""


def quoted(page: Path) -> set[str]:
    """What stands in backticks in sentences and tables."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`\n]+)`", text))


def is_there(name: str) -> bool:
    """Whether a file has this path, or a path that ends with it: `retry.py`, `steps/retry.py`."""
    return any(path == name or path.endswith(f"/{name}") for path in FILES)


def named_files(text: str) -> Iterator[str]:
    """Modules, and files in the folders of the checkout. A page of users has names of their own files, too."""
    for name in re.findall(r"`([\w./-]+\.(?:py|json|yaml|yml|md|toml))`", text):
        if name.endswith(".py") or name.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
            yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """Decisions, too: a module that is renamed takes its name along."""
    assert [name for name in named_files(page.read_text(encoding="utf-8")) if not is_there(name)] == []


def test_modules_that_the_code_names_exist() -> None:
    """In docstrings and comments, with one backtick or two."""
    gone = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("ddbbackup", "tests", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"`([\w/]+\.py)`", path.read_text(encoding="utf-8"))
        if not is_there(name)
    ]
    assert gone == []


def test_the_architecture_has_every_package_and_every_layer() -> None:
    """In the table and in the drawing. The contract of import-linter is the list."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (each for each in config["tool"]["importlinter"]["contracts"] if each["id"] == "layers")
    in_layers = {name for layer in layers["layers"] for name in layer.split(" | ")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert in_layers | {"aws", "sandbox", "project_urls"} == packages | modules
    table = ARCHITECTURE.partition("| package | what it is for")[2].partition("\n\n")[0]
    rows = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.rpartition("| ")[0])}
    assert in_layers | packages | modules <= rows
    drawing = set(re.findall(r"\w+", ARCHITECTURE.partition("```mermaid")[2].partition("```")[0]))
    assert in_layers | packages <= drawing


def test_contributors_find_every_target() -> None:
    """Those that `make help` lists."""
    makefiles = (ROOT / "Makefile", ROOT / "tests" / "benchmarks" / "bench.mk")
    text = "".join(path.read_text(encoding="utf-8") for path in makefiles)
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `make ([a-z-]+)` \|", table, re.MULTILINE)) == set(
        re.findall(r"^([a-z-]+):[^#\n]*## ", text, re.MULTILINE)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_that_a_sentence_names_exist(page: Path) -> None:
    """An option that is renamed is renamed in every page. Blocks of commands are parsed elsewhere."""
    _, parsers = grammar()
    known = {flag for parser in parsers.values() for each in parser._actions for flag in each.option_strings}
    named = {flag for code in quoted(page) for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)}
    assert named - known - OF_OTHERS - {"--version"} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_events_that_a_page_names_exist(page: Path) -> None:
    """What begins as an event and is none is a key of the plan, or a file."""
    nouns = {event.partition(".")[0] for event in events.ALL}
    keys = {key.plain_path for key in plan_keys()}
    dotted = {code for code in quoted(page) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code)}
    of_events = {code for code in dotted if code.partition(".")[0] in nouns and not code.endswith(".json")}
    assert of_events - events.ALL - keys - OF_RECORDS == set()
