"""The reference pages in ``docs`` are generated from the program, and complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddbbackup import errors, events
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.cli.verbs import VERBS
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.plan.schemas import plan_schema
from ddbbackup.restore.methods import RESTORE_METHODS
from tools.docs.__main__ import DOCS, main, stale_pages, write_pages


def test_no_page_is_stale() -> None:
    """Run `make docs` and read the diff."""
    assert stale_pages() == []


def test_a_stale_or_missing_page_is_found_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever forgets `make docs` is told which page."""
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    (tmp_path / "plan.md").write_text("old", encoding="utf-8")
    (tmp_path / "events.md").unlink()
    assert stale_pages(tmp_path) == ["events.md", "plan.md"]
    assert write_pages(tmp_path) == ["events.md", "plan.md"]
    assert stale_pages(tmp_path) == []
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_nothing_is_left_out() -> None:
    """Every event, exit code, plan key, verb, kind of step and restore method has its row."""
    text = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    for event in events.ALL:
        assert f"| `{event}` |" in text["events.md"]
    for code in EXIT_CODES:
        assert f"\n| {code} |" in text["exit-codes.md"]
    for verb in VERBS:
        assert re.search(rf"^## `ddbbackup {verb}[ `]", text["command-line.md"], re.MULTILINE), verb
    for key in set(keys_of(plan_schema())):
        assert re.search(rf"^\| `([^`]*\.)?{re.escape(key)}` \|", text["plan.md"], re.MULTILINE), key
    for name in [*STEP_KINDS, *RESTORE_METHODS]:
        assert f"| `{name}` |" in text["steps.md"]


def test_every_key_of_a_plan_is_described() -> None:
    """An editor shows the description, and the page would have an empty cell."""
    rows = re.findall(r"^\| `[^`]+` \|.*\|$", (DOCS / "plan.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows
    assert [row for row in rows if row.endswith("| |")] == []


def test_the_index_links_to_every_page() -> None:
    """Including the how-to pages and the index of decisions."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    pages = {str(path.relative_to(DOCS)) for path in [*DOCS.glob("*.md"), *(DOCS / "how-to").glob("*.md")]}
    assert pages - {"README.md"} | {"decisions/README.md"} <= linked


def test_the_exit_codes_of_errors_are_those_that_are_explained() -> None:
    """0, 2, 3, 4 and the signals do not come from errors."""
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DdbBackupError)
    }
    assert raised | {0, 2, 3, 4, 130, 143} == set(EXIT_CODES)


def keys_of(node: Any) -> Iterator[str]:
    """Every key of a plan, at any depth of the schema."""
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "properties":
                yield from inner
            yield from keys_of(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from keys_of(inner)
