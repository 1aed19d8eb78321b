"""``docs/install.md`` promises only what is there: the address of the repository, and the extras of the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from ddbbackup.project_urls import extra_hint

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs" / "install.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = PROJECT["urls"]["Source"]


def test_everything_is_installed_from_the_repository() -> None:
    """Nothing has been released, so an index does not have the package, or has another one of this name."""
    pages = [
        CHECKOUT / "README.md",
        *(CHECKOUT / "docs").rglob("*.md"),
        *(CHECKOUT / "configs").rglob("*.y*ml"),
    ]
    for path in pages:
        for line in path.read_text(encoding="utf-8").splitlines():
            if (
                re.search(r"\b(pip|pipx|uv tool|inject) install\b.*\bddbbackup\b", line)
                and "docker" not in line
            ):
                assert f"git+{SOURCE}" in line, (path.name, line)


def test_the_commands_name_the_package_and_its_extras() -> None:
    """As pip reads them. The Python that is needed is the one of the package."""
    specifications = re.findall(r'"(ddbbackup\[[^"]+)"', PAGE)
    assert specifications
    for each in map(Requirement, specifications):
        assert (each.name, each.url) == (PROJECT["name"], f"git+{SOURCE}")
        assert each.extras <= set(PROJECT["optional-dependencies"])
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in PAGE


def test_every_extra_is_explained() -> None:
    """Errors about missing packages lead to the table."""
    table = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Extras\n")[2], re.MULTILINE)
    assert set(table) == set(PROJECT["optional-dependencies"])
    assert extra_hint("otel").endswith("/docs/install.md#extras")


def test_the_image_is_run_as_its_dockerfile_says() -> None:
    """The same command as in the first lines of the Dockerfile."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    (run,) = re.findall(r"^# (docker run .*)$", dockerfile, re.MULTILINE)
    assert f"$ {run}\n" in PAGE
