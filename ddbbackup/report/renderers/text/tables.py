"""Tables that fit the terminal: columns are dropped, names and IDs are never broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ddbbackup.report.renderers.text.style import Styled, paint

if TYPE_CHECKING:
    from ddbbackup.report.renderers.view import View

_GAP: Final = 2
_MUCH_WIDER: Final = 8
_SHORTEST: Final = 12  # of a column that is shortened
_NO_VALUE: Final = ("", "-", "–")
_FIRST: Final = 0.1  # is dropped before all others

Cell = str | Styled


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    ``drop`` is the order in which columns are dropped if the table is too wide: 1 first; 0 is never dropped.
    ``shorten``: if that is not enough, its texts are cut. For sentences and lists only, never for names and IDs.
    """

    head: str
    drop: int = 0
    shorten: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], view: View) -> str:
    """Left-aligned columns, two spaces apart, one line for each row. Where there is no room for all of them, those
    without a value are dropped first.

    A few long names cost no column: they have lines of their own, above the other cells of their rows.
    """
    widths = [
        max(len(column.head), *(len(_text(row[i])) for row in rows), 0) for i, column in enumerate(columns)
    ]
    order = [
        _FIRST if column.drop and all(_text(row[i]) in _NO_VALUE for row in rows) else column.drop
        for i, column in enumerate(columns)
    ]
    shown = _fitting(order, widths, view.width)
    usual = max(len(columns[0].head), _usual([len(_text(row[0])) for row in rows]))
    more = _fitting(order, [usual, *widths[1:]], view.width)
    is_too_wide = view.width is not None and _total(shown, widths) > view.width
    if is_too_wide or sum(order[i] for i in more) > sum(order[i] for i in shown):
        shown = more
        widths[0] = _widest_that_fits(rows, usual, _room(more, [usual, *widths[1:]], view))
    for i in shown:
        if columns[i].shorten and view.width is not None:
            others = sum(widths[each] for each in shown if each != i)
            room = view.width - others - _GAP * (len(shown) - 1)
            widths[i] = min(widths[i], max(room, _SHORTEST, len(columns[i].head)))
    heads = [Styled(column.head, "heading") for column in columns]
    lines = []
    for row in (heads, *rows):
        cells = [row[i] for i in shown]
        if shown and shown[0] == 0 and len(_text(row[0])) > widths[0] and not columns[0].shorten:
            lines.append(f"{_text(row[0])}\n")
            cells[0] = ""
        lines.append(_line(cells, [widths[i] for i in shown], view))
    return "".join(lines)


def _total(shown: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[each] for each in shown) + _GAP * (len(shown) - 1)


def _room(shown: Sequence[int], widths: Sequence[int], view: View) -> int:
    """Columns that are free beside the other cells."""
    return (view.width or 0) - sum(widths[i] for i in shown if i) - _GAP * (len(shown) - 1)


def _widest_that_fits(rows: Sequence[Sequence[Cell]], least: int, room: int) -> int:
    """Only a name that is wider than the room gets a line of its own."""
    return max([least, *(length for row in rows if (length := len(_text(row[0]))) <= room)])


def usual_width(names: Sequence[str]) -> int:
    """As wide as all names, if none is much longer than the others: a few long ones pad no line."""
    return _usual([len(each) for each in names])


def _usual(lengths: Sequence[int]) -> int:
    """As wide as three of four, if others are much wider."""
    if not lengths:
        return 0
    ordered = sorted(lengths)
    usual = ordered[(3 * len(ordered) - 1) // 4]
    return usual if ordered[-1] - usual > _MUCH_WIDER else ordered[-1]


def _fitting(order: Sequence[float], widths: Sequence[int], width: int | None) -> list[int]:
    """The indices of the columns that are shown. ``order``: see ``Column.drop``."""
    shown = list(range(len(order)))
    if width is None:
        return shown

    def fits(chosen: Sequence[int]) -> bool:
        return _total(chosen, widths) <= width

    dropped: list[int] = []
    for i in sorted((i for i in shown if order[i]), key=lambda i: order[i]):
        if fits(shown):
            break
        shown.remove(i)
        dropped.append(i)
    for i in reversed(dropped):  # a narrow one may fit in the place of a wide one that mattered more
        if fits([*shown, i]):
            shown.append(i)
    return sorted(shown)


def _line(cells: Sequence[Cell], widths: Sequence[int], view: View) -> str:
    line, blanks = "", 0
    for cell, width in zip(cells, widths, strict=True):
        text = _shortened(_text(cell), width)
        style = cell.style if isinstance(cell, Styled) else None
        if text:
            line += " " * blanks + paint(text, style, view)
            blanks = 0
        blanks += width - len(text) + _GAP
    return f"{line}\n"


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
