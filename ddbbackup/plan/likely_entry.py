"""The entry of `tables` for a table whose tags are not known."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ddbbackup.plan.model import TableEntry


def likely_entry(table: str, entries: Sequence[TableEntry]) -> TableEntry | None:
    """The entry that names the table, or else the first one that may select it.

    The tags of a table are known only at run time, so an entry with tags may select any table.
    """
    for entry in entries:
        if entry.name == table:
            return entry
    selectors = [each for each in entries if not any(fnmatchcase(table, glob) for glob in each.exclude)]
    for entry in selectors:
        if entry.match is not None and fnmatchcase(table, entry.match):
            return entry
    return next((entry for entry in selectors if entry.tags is not None), None)
