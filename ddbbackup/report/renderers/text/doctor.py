"""The checks of ``doctor``, by what they check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import counted
from ddbbackup.report.renderers.text.shortened import first_ones, left_out
from ddbbackup.report.renderers.text.style import Style, hint, paint
from ddbbackup.report.renderers.wrapping import height
from ddbbackup.report.table_names import names, without_name

if TYPE_CHECKING:
    from ddbbackup.model.check import State
    from ddbbackup.report.documents.doctor import CheckInfo, DoctorReport
    from ddbbackup.report.renderers.view import View

_TABLE: Final = "table "
_NAMED_AT_MOST: Final = 5
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
    text, remark = "\n".join(text for text, _ in _paragraphs(checks, view)), ""
    if not view.holds(height(text, view) + _FRAME):
        wrong = [each for each in checks if each.state != "ok"]
        paragraphs = _paragraphs(wrong, view, grouped=True)
        shown = _fitting(paragraphs, view)
        text = "\n".join(text for text, _ in shown)
        hidden = sum(subjects for _, subjects in paragraphs[len(shown) :])
        remark = left_out(hidden, "subject with problems", view, "subjects with problems")
        well = len({each.subject for each in checks} - {each.subject for each in wrong})
        if well:
            remark += (
                paint(f"{counted(well, 'subject')} without problems (-v shows all)", "minor", view) + "\n"
            )
    return f"{text}\n{remark}{phrases.doctor_summary(document)}\n"


def _paragraphs(checks: Sequence[CheckInfo], view: View, *, grouped: bool = False) -> list[tuple[str, int]]:
    """One for each subject: its name, and a line or two for each check. ``grouped``: one for the tables that have the
    same. Each with the number of its subjects.
    """
    subjects: dict[str, list[CheckInfo]] = {}
    for check in checks:
        subjects.setdefault(check.subject, []).append(check)
    alike: dict[tuple[object, ...], list[str]] = {}
    for subject, own in subjects.items():
        alike.setdefault(_pattern(subject, own) if grouped else (subject,), []).append(subject)
    paragraphs = []
    for many in alike.values():
        own = subjects[many[0]]
        if len(many) > 1:
            table = many[0].removeprefix(_TABLE)
            own = [
                replace(
                    each, message=without_name(each.message, table), hint=without_name(each.hint or "", table)
                )
                for each in own
            ]
        heading = _TABLE + names([each.removeprefix(_TABLE) for each in many], _NAMED_AT_MOST)
        text = paint(heading if len(many) > 1 else many[0], "heading", view)
        lines = "".join(line for each in own for line in _lines(each, view))
        paragraphs.append((f"{text}\n{lines}", len(many)))
    return paragraphs


def _pattern(subject: str, checks: Sequence[CheckInfo]) -> tuple[object, ...]:
    """The same for tables of which the checks say the same."""
    if not subject.startswith(_TABLE):
        return (subject,)
    table = subject.removeprefix(_TABLE)
    return tuple(
        (each.state, each.name, without_name(each.message, table), without_name(each.hint or "", table))
        for each in checks
    )


def _lines(check: CheckInfo, view: View) -> Iterator[str]:
    name = f"{check.name}: " if check.name else ""
    state = paint(f"{phrases.CHECK_STATE[check.state]:<11}", _STYLES[check.state], view)
    yield f"  {state}  {name}{check.message}\n"
    if check.hint and check.state != "ok":
        yield f"  {'':<11}  {hint(check.hint, view)}\n"


def _fitting(paragraphs: Sequence[tuple[str, int]], view: View) -> Sequence[tuple[str, int]]:
    """As many as the screen holds, each with the blank line after it."""
    room = (view.lines or 0) - _FRAME
    return paragraphs[: first_ones([height(text, view) + 1 for text, _ in paragraphs], room)]
