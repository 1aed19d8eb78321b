"""``--only``: the tables that a command is about, by names and glob patterns. Pure."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from ddbbackup.errors import NothingSelected
from ddbbackup.suggestions import suggest

Only = tuple[str, ...]
"""Names and glob patterns; empty: every table."""


def wants(only: Only, table: str) -> bool:
    return not only or any(fnmatchcase(table, pattern) for pattern in only)


def check_only(
    only: Only, tables: Collection[str], *, known: Collection[str], what: str, otherwise: str
) -> None:
    """Raises ``NothingSelected`` for the first pattern that matches none of ``tables``, which ``what`` describes.

    A misspelled name must not look like success. The hint is the nearest of the ``known`` names, or ``otherwise``.
    """
    for pattern in only:
        if not any(fnmatchcase(table, pattern) for table in tables):
            names = [name for name in known if name != pattern]
            raise NothingSelected(
                f"no {what} matches {pattern!r}", hint=suggest(pattern, names, otherwise=otherwise)
            )
