"""What a plan changes, as `+`, `~` and `-` lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.change_phrases import (
    ChangeLine,
    Sign,
    change_lines,
    change_notes,
    changes_heading,
    unchanged,
)
from ddbbackup.report.formatting import count
from ddbbackup.report.renderers.text.style import Style, paint
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.report.documents.preview import Preview
    from ddbbackup.report.renderers.view import View

_STYLES: Final[dict[Sign, Style]] = {"+": "ok", "~": "stale", "-": "failed"}
_WIDEST_LABEL: Final = 40
_NAMES_AT_MOST: Final = 10


def plan_changes(document: Preview, view: View, most: int | None) -> list[str]:
    """Nothing without --against. ``most``: of the changes, no more than this are shown, and all by which something
    may be lost: what is no longer backed up, and what has a warning.
    """
    if document.against is None:
        return []
    lines = change_lines(document)
    shown = [
        line
        for number, line in enumerate(lines)
        if most is None or number < most or line.sign == "-" or line.warnings
    ]
    return [
        paint(changes_heading(document.against), "heading", view),
        *_lines(shown, view),
        *([f"  … and {count(len(lines) - len(shown))} more"] if len(shown) < len(lines) else []),
        f"  {unchanged(document.against)}",
        *(f"  note: {note}" for note in change_notes(document.against)),
    ]


def _lines(lines: Sequence[ChangeLine], view: View) -> Iterator[str]:
    width = min(_WIDEST_LABEL, max((len(line.label) for line in lines), default=0))
    for line in lines:
        yield f"  {paint(line.sign, _STYLES[line.sign], view)} {line.label:<{width}}  {line.text}"
        if len(line.names) > 1:
            yield f"      {names(line.names, None if view.detail == 'verbose' else _NAMES_AT_MOST)}"
        for warning in line.warnings:
            yield f"      {paint('warning', 'stale', view)}: {warning}"
