"""Addresses that the program prints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ddbbackup.project_urls import DOCUMENTATION, ISSUES

CHECKOUT = Path(__file__).parents[2]


def test_printed_addresses_are_those_of_the_package() -> None:
    urls = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["urls"]
    assert {"Documentation": DOCUMENTATION, "Issues": ISSUES}.items() <= urls.items()


def test_no_message_names_a_file_of_the_checkout() -> None:
    """The user of an installed program does not have it. Docstrings and comments may name it."""
    named = re.compile(r"""^(?!\s*(#|""\")).*["'][^"'`]*\b(docs/[\w/-]+\.md|README\.md|CONTRIBUTING\.md)""")
    for path in (CHECKOUT / "ddbbackup").rglob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not named.match(line), f"{path.name}:{number}: {line.strip()}"
