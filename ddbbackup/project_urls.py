"""Addresses of the project, for help and hints: an installed program has no `docs` folder beside it.

A test compares them with ``[project.urls]`` of ``pyproject.toml``. Reading them from the metadata of the installed
package would cost every start of the program a few milliseconds.
"""

from __future__ import annotations

from typing import Final

DOCUMENTATION: Final = "https://github.com/acme/ddbbackup/tree/main/docs"
ISSUES: Final = "https://github.com/acme/ddbbackup/issues"


def page_url(page: str) -> str:
    """The address of a page of the documentation; ``page`` is its path below ``docs``."""
    return f"{DOCUMENTATION}/{page}"


def extra_hint(extra: str) -> str:
    """The hint of an error about missing packages: how to add them depends on how ddbbackup was installed."""
    return f"install ddbbackup with the extra `{extra}`: {page_url('install.md#extras')}"
