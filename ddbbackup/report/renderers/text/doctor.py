"""The checks of ``doctor``, by what they check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.renderers.text.style import Style, hint, paint

if TYPE_CHECKING:
    from ddbbackup.model.check import State
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.renderers.view import View

_STYLES: Final[dict[State, Style]] = {
    "ok": "ok",
    "warning": "stale",
    "problem": "failed",
    "unknown": "minor",
}


def doctor(document: DoctorReport, view: View) -> str:
    """``quiet``: only problems and warnings."""
    is_quiet = view.detail == "quiet"
    checks = [each for each in document.checks if not is_quiet or each.state in ("problem", "warning")]
    if not checks and is_quiet:
        return ""
    lines: list[str] = []
    for subject in dict.fromkeys(check.subject for check in checks):
        lines += ["", paint(subject, "heading", view)] if lines else [paint(subject, "heading", view)]
        for check in checks:
            if check.subject == subject:
                name = f"{check.name}: " if check.name else ""
                state = paint(f"{phrases.CHECK_STATE[check.state]:<11}", _STYLES[check.state], view)
                lines.append(f"  {state}  {name}{check.message}")
                if check.hint and check.state != "ok":
                    lines.append(f"  {'':<11}  {hint(check.hint, view)}")
    return "\n".join([*lines, "", phrases.doctor_summary(document)]) + "\n"
