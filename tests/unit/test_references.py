"""The reference pages in ``docs`` say what the program does: they are made from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddbbackup import errors, events
from ddbbackup.cli.grammar import VERBS
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.plan.schemas import plan_schema
from ddbbackup.restore.methods import RESTORE_METHODS
from tests.support.references import PAGES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_program_says(name: str) -> None:
    """Made anew with DDBBACKUP_UPDATE=1."""
    said = PAGES[name]()
    if os.environ.get("DDBBACKUP_UPDATE"):
        (DOCS / name).write_text(said, encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == said


def test_nothing_is_left_out() -> None:
    """Every event, exit code, plan key, verb, kind of step and restore method has its row."""
    text = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    for event in events.ALL:
        assert f"| `{event}` |" in text["events.md"]
    for code in EXIT_CODES:
        assert f"\n| {code} |" in text["exit-codes.md"]
    for verb in VERBS:
        assert re.search(rf"^## `ddbbackup {verb}[ `]", text["command-line.md"], re.MULTILINE), verb
    for key in set(_keys(plan_schema())):
        assert re.search(rf"^\| `([^`]*\.)?{re.escape(key)}` \|", text["plan.md"], re.MULTILINE), key
    for name in [*STEP_KINDS, *RESTORE_METHODS]:
        assert f"| `{name}` |" in text["steps.md"]


def _keys(node: Any) -> Iterator[str]:
    """Every key of a plan that the schema names, at any depth."""
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "properties":
                yield from inner
            yield from _keys(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _keys(inner)


def test_the_index_leads_to_every_page() -> None:
    """Also to those of how-to and to the index of decisions."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    pages = {str(path.relative_to(DOCS)) for path in [*DOCS.glob("*.md"), *(DOCS / "how-to").glob("*.md")]}
    assert pages - {"README.md"} | {"decisions/README.md"} <= linked


def test_every_exit_code_of_an_error_is_explained_and_none_is_made_up() -> None:
    """0, 2, 3, 4 and the signals come from elsewhere than errors."""
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DdbBackupError)
    }
    assert raised | {0, 2, 3, 4, 130, 143} == set(EXIT_CODES)
