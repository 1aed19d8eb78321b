"""The plan may select the table that a restore creates: the next backup then backs up the copy, or fails for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ddbbackup.plan.model import TableEntry
from ddbbackup.plan.selection import format_selector


def notes_on_selected_target(entries: Sequence[TableEntry], source: str, target: str) -> Iterator[str]:
    """For a table ``target`` in the account and Region of the plan that a restore of ``source`` creates. Pure.

    Says nothing if the table gets its own name back, or if an entry names it: that is meant. An entry with tags is
    not judged, because only the settings that are restored say which tags the table gets. The keys have no backticks:
    those of a restore become options of the command line, and these are keys of an entry of `tables`.
    """
    if target == source or any(entry.name == target for entry in entries):
        return
    for entry in entries:
        if entry.match is None or not fnmatchcase(target, entry.match):
            continue
        if any(fnmatchcase(target, glob) for glob in entry.exclude):
            continue
        suffix = target.removeprefix(source)
        copies = f"*{suffix}" if target.startswith(source) and suffix else target
        yield (
            f"{target} is selected by an entry of the plan, {format_selector(entry)}, so `backup` and `status` "
            f'expect it from now on: if that is not meant, add exclude: ["{copies}"] to that entry'
        )
