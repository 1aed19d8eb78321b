"""docs/architecture.md says where a new kind goes; the registries are there, and so are their members."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ddbbackup.backup.methods import BACKUP_METHODS
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.cli.verbs import VERBS
from ddbbackup.plan.rules import RULES
from ddbbackup.report.renderers import FORMS, renderer
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ddbbackup"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def rows() -> dict[str, dict[str, str]]:
    """The table "Where a new kind goes", by kind."""
    table = TEXT.partition("## Where a new kind goes")[2].partition("Further places")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    header, _, *body = cells
    return {row[0]: dict(zip(header, row, strict=True)) for row in body}


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def module_of(path: str) -> ModuleType:
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return importlib.import_module(f"ddbbackup.{name}")


@pytest.mark.parametrize(
    "kind", ["restore method", "backup method", "setting", "verb", "renderer", "plan rule", "step kind"]
)
def test_every_kind_has_a_registry_where_the_page_says(kind: str) -> None:
    """`NAME` in `path`: the module at this path defines this name."""
    (first, *_) = re.findall(r"`(\w+)`(?: and `\w+`)? (?:in|of) `([\w/]+\.py)`", rows()[kind]["registry"])
    name, path = first
    assert hasattr(module_of(path), name)


def folders(kind: str) -> list[Path]:
    """The folders of the files that the page names for a kind."""
    return [(PACKAGE / path).parent for path in quoted(rows()[kind]["file"]) if "/" in path]


def file_of(member: Any) -> Path:
    return Path(inspect.getfile(member))


def test_every_restore_method_is_where_the_page_says() -> None:
    for method in RESTORE_METHODS.values():
        assert file_of(method.load).parent in folders("restore method")


def test_every_backup_method_is_where_the_page_says() -> None:
    for method in BACKUP_METHODS.values():
        assert file_of(method.step).parent in folders("backup method")


def test_every_setting_is_where_the_page_says() -> None:
    for setting in SETTINGS:
        assert file_of(type(setting)).parent in folders("setting")


def test_every_verb_is_where_the_page_says() -> None:
    for verb in VERBS.values():
        assert file_of(verb.load().run).parent in folders("verb")


def test_every_renderer_is_where_the_page_says() -> None:
    for form in FORMS:
        assert file_of(renderer(form)).parent in folders("renderer")


def test_every_plan_rule_is_where_the_page_says() -> None:
    for rule in RULES:
        assert file_of(rule).parent in folders("plan rule")


def test_every_kind_of_step_is_a_class_of_its_capability() -> None:
    for step in STEP_KINDS.values():
        assert file_of(step).is_relative_to(PACKAGE)
        assert hasattr(step, "assess")
        assert hasattr(step, "run")


def test_every_file_that_the_page_names_exists() -> None:
    """Paths without a placeholder; those of modules are below the package."""
    paths = {path for path in quoted(TEXT) if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|json|yaml|md)", path)}
    missing = [path for path in paths if not (ROOT / path).exists() and not (PACKAGE / path).exists()]
    assert missing == []
