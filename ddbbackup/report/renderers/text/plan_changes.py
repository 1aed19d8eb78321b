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
from ddbbackup.report.renderers.text.style import Style, paint

if TYPE_CHECKING:
    from ddbbackup.report.documents.preview import Preview
    from ddbbackup.report.renderers.view import View

_STYLES: Final[dict[Sign, Style]] = {"+": "ok", "~": "stale", "-": "failed"}
_WIDEST_LABEL: Final = 40
_NAMES_AT_MOST: Final = 10


def plan_changes(document: Preview, view: View) -> list[str]:
    """Nothing without --against."""
    if document.against is None:
        return []
    lines = change_lines(document)
    return [
        paint(changes_heading(document.against), "heading", view),
        *_lines(lines, view),
        f"  {unchanged(document.against)}",
        *(f"  note: {note}" for note in change_notes(document.against)),
    ]


def _lines(lines: Sequence[ChangeLine], view: View) -> Iterator[str]:
    width = min(_WIDEST_LABEL, max((len(line.label) for line in lines), default=0))
    for line in lines:
        yield f"  {paint(line.sign, _STYLES[line.sign], view)} {line.label:<{width}}  {line.text}"
        if len(line.names) > 1:
            more = f" and {len(line.names) - _NAMES_AT_MOST} more" if len(line.names) > _NAMES_AT_MOST else ""
            yield f"      {', '.join(line.names[:_NAMES_AT_MOST])}{more}"
        for warning in line.warnings:
            yield f"      {paint('warning', 'stale', view)}: {warning}"
