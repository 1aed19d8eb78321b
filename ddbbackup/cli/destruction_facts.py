"""What a person reads before the question whether a restore may destroy something. Pure.

Of many tables, what they share is said once. Each table that items are deleted from, or are overwritten in, is named
with its number of items, however many there are. What they share stands below the names, where it is seen: just above
the question.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ddbbackup.report.cells import time_cell
from ddbbackup.report.formatting import count, counted, duration
from ddbbackup.report.older_backups import first_of
from ddbbackup.report.renderers.text.tables import Column, table
from ddbbackup.report.renderers.view import View
from ddbbackup.restore.confirmation import Destruction

_ROWS_AT_MOST: Final = 40
"""So many tables have a line each; of more, several are named on one line."""
_NARROWEST: Final = 40
_USUAL_WIDTH: Final = 100


def facts(shown: Sequence[Destruction], now: datetime, view: View) -> Iterator[str]:
    """The lines. ``view``: the terminal that they are for."""
    if len(shown) == 1:
        yield from _of_one(shown[0], now)
        return
    groups: dict[tuple[str, ...], list[Destruction]] = {}
    for each in shown:
        groups.setdefault(_shared(each), []).append(each)
    for group in groups.values():
        if len(group) == 1:
            yield from _of_one(group[0], now)
        else:
            yield from _rows(group, view) if len(shown) <= _ROWS_AT_MOST else _names(group, view)
            yield ""
            yield from _of_many(group, now)
        yield ""
    yield "`ddbbackup preview restore` with the same arguments shows method, settings and estimates of each table."


def question(shown: Sequence[Destruction], plan: str) -> tuple[str, str]:
    """What must be typed, and the question for it."""
    if len(shown) == 1:
        target = shown[0].step.target
        return target, f"Type {target} to confirm: "
    tables = counted(len(shown), "table")
    return plan, f"Type the name of the plan, {plan}, to confirm this for {tables}: "


def _shared(found: Destruction) -> tuple[str, ...]:
    restore = found.step.restore
    return (found.account, found.region, restore.existing, found.lost, str(restore.origin or ""))


def _of_one(found: Destruction, now: datetime) -> Iterator[str]:
    yield f"restore {found.step.restore.name} will {found.step.summary}"
    yield f"  table          {found.step.target} in account {found.account}, region {found.region}"
    age = f" ({_when(found.time, now, ', ')}" if found.time is not None else ""
    yield f"  restore point  {found.backup}{age}"
    yield from _older_backups([found])
    yield f"  items          {count(found.items_now)} now, as DynamoDB counted them up to six hours ago"
    yield f"                 {count(found.items_in_backup)} in the backup{_changes([found])}"
    yield from _differences([found])
    yield f"  will be lost   {found.lost}"


def _of_many(group: Sequence[Destruction], now: datetime) -> Iterator[str]:
    tables, first = counted(len(group), "table"), group[0]
    origin = first.step.restore.origin
    backups = f"their backups ({origin})" if origin is not None else "their backups"
    match first.step.restore.existing:
        case "keep":
            what = f"write the items that {tables} lack from {backups}"
        case "mirror":
            what = f"make {tables} equal to {backups}: write what differs, delete what is extra"
        case _:
            what = f"overwrite {tables} with every item of {backups}"
    times = sorted(each.time for each in group if each.time is not None)
    in_backups = [each.items_in_backup for each in group if each.items_in_backup is not None]
    yield f"the restore will {what}"
    yield f"  in             account {first.account}, region {first.region}"
    if times:
        yield f"  as of          {_when(times[0], now)}"
    if times and times[-1] != times[0]:
        yield f"                 to {_when(times[-1], now)}"
    yield from _older_backups(group)
    now_there = sum(each.items_now for each in group)
    yield f"  items          {count(now_there)} now, as DynamoDB counted them up to six hours ago"
    least = "at least " if 0 < len(in_backups) < len(group) else ""
    known = count(sum(in_backups) if in_backups else None)
    yield f"                 {least}{known} in the backups{_changes(group)}"
    yield from _differences(group)
    yield f"  will be lost   {first.lost}"


def _older_backups(group: Sequence[Destruction]) -> Iterator[str]:
    """The tables whose newest backup cannot be restored, all of them by name, and why it is so of the first."""
    older = [each for each in group if each.passed_over]
    if not older:
        return
    first = older[0]
    named = (
        f"{', '.join(each.step.target for each in older)}; of {first.step.target}, " if len(group) > 1 else ""
    )
    yield f"  OLDER BACKUP   {named}{first_of(first.passed_over)}; changes between the two are not restored"


def _when(time: datetime, now: datetime, gap: str = " (") -> str:
    return f"{time_cell(time)}{gap}{duration((now - time).total_seconds())} ago)"


def _changes(group: Sequence[Destruction]) -> str:
    changes = sum(each.changes for each in group)
    return f" and {counted(changes, 'change')} after {'it' if len(group) == 1 else 'them'}" if changes else ""


def _differences(group: Sequence[Destruction]) -> Iterator[str]:
    found = [each.differences for each in group if each.differences is not None]
    if found:
        yield f"  will be put    {counted(sum(each.missing for each in found), 'missing item')}"
        yield f"                 {counted(sum(each.changed for each in found), 'changed item')}"
        yield f"  deleted        {counted(sum(each.extra for each in found), 'extra item')}"


def _rows(group: Sequence[Destruction], view: View) -> Iterator[str]:
    """One line for each table."""
    is_renamed = any(each.step.target != each.step.restore.table for each in group)
    is_compared = any(each.differences is not None for each in group)
    columns = [Column("TABLE")]
    columns += [Column("BACKUP OF")] if is_renamed else []
    columns += [Column("RESTORE POINT", drop=1), Column("ITEMS NOW"), Column("IN THE BACKUP", drop=2)]
    columns += [Column("MISSING", drop=3), Column("CHANGED"), Column("DELETED")] if is_compared else []
    rows = []
    for each in group:
        row = [each.step.target]
        row += [each.step.restore.table] if is_renamed else []
        changes = f" + {counted(each.changes, 'change')}" if each.changes else ""
        row += [each.backup, count(each.items_now), f"{count(each.items_in_backup)}{changes}"]
        if is_compared:
            differences = each.differences
            found = (
                (differences.missing, differences.changed, differences.extra) if differences else (None,) * 3
            )
            row += [count(number) for number in found]
        rows.append(row)
    inner = View(width=view.width - 2) if view.width is not None else View()
    yield from (f"  {line}" for line in table(columns, rows, inner).splitlines())


def _names(group: Sequence[Destruction], view: View) -> Iterator[str]:
    """As many tables on a line as fit, none of them broken."""
    yield "  the tables, with their number of items now:"
    names = []
    for each in group:
        target, source = each.step.target, each.step.restore.table
        origin = f" from {source}" if source != target else ""
        deleted = f", {count(each.differences.extra)} deleted" if each.differences is not None else ""
        names.append(f"{target}{origin} ({count(each.items_now)}{deleted})".replace(" ", "\u00a0"))
    width = max(_NARROWEST, view.width or _USUAL_WIDTH)
    lines = textwrap.wrap(
        ", ".join(names),
        width,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (line.replace("\u00a0", " ") for line in lines)
