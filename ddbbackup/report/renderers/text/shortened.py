"""Lists that fit the screen: what needs attention first, then as much as there is room for, then a count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from ddbbackup.report.commands import typed
from ddbbackup.report.formatting import counted
from ddbbackup.report.renderers.text.style import paint
from ddbbackup.report.renderers.text.tables import Cell, Column, table
from ddbbackup.report.renderers.wrapping import height

if TYPE_CHECKING:
    from ddbbackup.report.renderers.view import View

T = TypeVar("T")
_FRAME: Final = 6  # heads, blank lines, both counts of what is left out, the summary
_REMARKS: Final = 2  # one line of so many may be a remark


def fitting(rows: Sequence[T], remarks: Sequence[str], view: View) -> tuple[Sequence[T], Sequence[str]]:
    """The first rows of a list and the first remarks on it: all of them, or what the screen holds."""
    heights = [height(each, view) for each in remarks]
    if view.lines is None or view.holds(len(rows) + sum(heights) + _FRAME):
        return rows, remarks
    room = view.lines - _FRAME
    few = first_ones(heights, max(room // _REMARKS, room - len(rows)))
    few = max(few, min(1, len(heights)))  # the worst reason is worth more than rows of tables that are well
    return rows[: room - sum(heights[:few])], remarks[:few]


def first_ones(heights: Sequence[int], room: int) -> int:
    """How many of the first entries with these heights the room holds."""
    for number, each in enumerate(heights):
        room -= each
        if room < 0:
            return number
    return len(heights)


def fitting_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], number: int, view: View
) -> tuple[str, int]:
    """The table of the first rows, and how many these are: ``number``, less the lines that long names need."""
    if not rows:
        return "", 0
    text = table(columns, rows[:number], view)
    if number < len(rows) and (extra := height(text, view) - 1 - number) > 0:
        number = max(1, number - extra)
        text = table(columns, rows[:number], view)
    return text, number


def left_out(number: int, what: str, view: View, many: str | None = None) -> str:
    """A line, or nothing: ``… 1 960 more tables (-v shows all)``."""
    if not number:
        return ""
    more = counted(number, f"more {what}", f"more {many}" if many else None)
    return paint(f"… {more} (-v shows all)", "minor", view) + "\n"


def remark_lines(remarks: Sequence[str], total: int, view: View) -> str:
    """A paragraph of what the cells cannot say. Its commands name the plan files that this run was given."""
    if not total:
        return ""
    lines = "".join(f"{paint(typed(remark, view.plan_files), 'error', view)}\n" for remark in remarks)
    return f"\n{lines}{left_out(total - len(remarks), 'remark', view)}"
