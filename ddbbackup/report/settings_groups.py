"""What restores of many tables did with the settings: what tables share is said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import count
from ddbbackup.report.phrases import settings_told
from ddbbackup.report.table_names import without_name

if TYPE_CHECKING:
    from ddbbackup.report.documents.run_report import StepOutcome

_NAMED: Final = 3  # tables


def settings_of_many(outcomes: Iterable[StepOutcome]) -> list[str]:
    """One line for each setting with the same status and reason, and its tables; what was not applied comes first.

    Nothing for settings that needed no change.
    """
    groups: dict[tuple[str, str, str], list[str]] = {}
    reasons: dict[tuple[str, str, str], str] = {}
    for outcome in outcomes:
        for each in settings_told(outcome.facts.get("settings", ())):
            if each["status"] != "unchanged":
                key = (each["setting"], each["status"], without_name(each["reason"], outcome.table))
                groups.setdefault(key, []).append(outcome.table)
                reasons.setdefault(key, each["reason"])
    width = max((len(setting) for setting, _, _ in groups), default=0)
    lines = []
    for key in sorted(groups, key=lambda key: key[1] == "applied"):
        setting, status, pattern = key
        tables = groups[key]
        of = ", ".join(tables) if len(tables) <= _NAMED else f"{count(len(tables))} tables"
        reason = reasons[key] if len(tables) == 1 else pattern
        lines.append(f"{setting:<{width}}  {status:<9} {of}{f': {reason}' if reason else ''}")
    return lines
