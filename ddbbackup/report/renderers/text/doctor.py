"""The checks of ``doctor``, by what they check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import counted
from ddbbackup.report.renderers.text.shortened import left_out
from ddbbackup.report.renderers.text.style import Style, hint, paint

if TYPE_CHECKING:
    from ddbbackup.model.check import State
    from ddbbackup.report.documents.doctor import CheckInfo, DoctorReport
    from ddbbackup.report.renderers.view import View

_FRAME: Final = 3  # what is left out, and the summary
_STYLES: Final[dict[State, Style]] = {
    "ok": "ok",
    "warning": "stale",
    "problem": "failed",
    "unknown": "minor",
}


def doctor(document: DoctorReport, view: View) -> str:
    """``quiet``: only problems and warnings. What is well is counted where a list of it would not fit the screen."""
    checks: Sequence[CheckInfo] = document.checks
    if view.detail == "quiet":
        checks = [each for each in checks if each.state in ("problem", "warning")]
        if not checks:
            return ""
    paragraphs = _paragraphs(checks, view)
    text, remark = "\n".join(paragraphs), ""
    if not view.holds(text.count("\n") + _FRAME):
        paragraphs = _paragraphs([each for each in checks if each.state != "ok"], view)
        shown = _fitting(paragraphs, view)
        text = "\n".join(shown)
        remark = left_out(
            len(paragraphs) - len(shown), "subject with problems", view, "subjects with problems"
        )
        well = len({each.subject for each in checks}) - len(paragraphs)
        remark += paint(f"{counted(well, 'subject')} without problems (-v shows all)", "minor", view) + "\n"
    return f"{text}\n{remark}{phrases.doctor_summary(document)}\n"


def _paragraphs(checks: Sequence[CheckInfo], view: View) -> list[str]:
    """One for each subject: its name, and a line or two for each check."""
    subjects: dict[str, list[CheckInfo]] = {}
    for check in checks:
        subjects.setdefault(check.subject, []).append(check)
    return [
        f"{paint(subject, 'heading', view)}\n" + "".join(line for each in own for line in _lines(each, view))
        for subject, own in subjects.items()
    ]


def _lines(check: CheckInfo, view: View) -> Iterator[str]:
    name = f"{check.name}: " if check.name else ""
    state = paint(f"{phrases.CHECK_STATE[check.state]:<11}", _STYLES[check.state], view)
    yield f"  {state}  {name}{check.message}\n"
    if check.hint and check.state != "ok":
        yield f"  {'':<11}  {hint(check.hint, view)}\n"


def _fitting(paragraphs: Sequence[str], view: View) -> Sequence[str]:
    """As many as the screen holds, each with the blank line after it."""
    room = (view.lines or 0) - _FRAME
    for number, paragraph in enumerate(paragraphs):
        room -= paragraph.count("\n") + 1
        if room < 0:
            return paragraphs[:number]
    return paragraphs
