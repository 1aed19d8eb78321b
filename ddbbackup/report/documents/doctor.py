"""What the doctor found, in every form of ``doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ddbbackup.errors import StepFailed
from ddbbackup.model.check import Check
from ddbbackup.report.documents.preview import check_of
from ddbbackup.report.renderers import json_documents as json
from ddbbackup.report.renderers import markdown
from ddbbackup.times import to_iso

_SIGNS: Final = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM", "unknown": "not checked"}


def checkup_code(checks: Sequence[Check]) -> int:
    """0 unless there are problems; their own code if they share one. What was not checked decides nothing."""
    codes = {check.error.exit_code for check in checks if check.error is not None}
    if not codes:
        return 0
    return codes.pop() if len(codes) == 1 else StepFailed.exit_code


def render(checks: Sequence[Check], form: str, *, plan: str, now: datetime, exit_code: int) -> str:
    """``form`` is text, json or markdown; JSON by ``schemas/doctor.schema.json``."""
    if form == "json":
        found = [check_of(check) for check in checks]
        return json.document(
            plan=plan, now=to_iso(now), counts=_counts(checks), checks=found, exit_code=exit_code
        )
    if form == "markdown":
        return _markdown(checks, plan)
    return _text(checks, plan)


def _text(checks: Sequence[Check], plan: str) -> str:
    lines: list[str] = []
    for subject in dict.fromkeys(check.subject for check in checks):
        lines += ["", subject] if lines else [subject]
        for check in checks:
            if check.subject == subject:
                lines.append(
                    f"  {_SIGNS[check.state]:<11}  {check.name}: {check.message}".replace(" : ", " ")
                )
                if check.hint and check.state != "ok":
                    lines.append(f"  {'':<11}  hint: {check.hint}")
    return "\n".join([*lines, "", f"doctor {plan}: {_summary(checks)}"]) + "\n"


def _markdown(checks: Sequence[Check], plan: str) -> str:
    rows = [
        (
            f"**{_SIGNS[check.state]}**" if check.state != "ok" else "ok",
            markdown.code(check.subject),
            markdown.plain(check.name),
            markdown.plain(f"{check.message} (hint: {check.hint})" if check.hint else check.message),
        )
        for check in checks
    ]
    title = f"### ddbbackup doctor {markdown.plain(plan)}: {_summary(checks)}\n\n"
    return title + markdown.table(("", "what", "in which respect", "found"), rows)


def _counts(checks: Sequence[Check]) -> dict[str, int]:
    return {state: sum(check.state == state for check in checks) for state in _SIGNS}


def _summary(checks: Sequence[Check]) -> str:
    return ", ".join(
        f"{number} {_SIGNS[state].lower()}" for state, number in _counts(checks).items() if number
    )
