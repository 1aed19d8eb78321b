"""What somebody must read of a step that went well is never left out to save room."""

from __future__ import annotations

from datetime import UTC, datetime

from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.renderers import text
from ddbbackup.report.renderers.view import LOG, View

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NOTE = "billing-copy is selected by `match: billing-*` of the plan, so `backup` and `status` expect it from now on"
FACTS = {
    "into": "eu-central-1",
    "backup": "20261125T010000Z-db4a925d",
    "items": 50,
    "written": 50,
    "kept": 0,
    "size_bytes": 3281,
    "notes": [NOTE],
    "settings_not_read": ["ttl (denied)"],
}


def restored(tables: int = 1) -> RunReport:
    outcomes = tuple(
        Outcome(f"restore t-{number}", "restore", f"t-{number}", "done", FACTS) for number in range(tables)
    )
    return run_report(Report("restore", "1", "prod", "123456789012", "eu-west-1", NOW, NOW, outcomes))


def test_a_narrow_terminal_shows_remarks_below_the_line() -> None:
    """The line itself names the place, if it is not that of the run, and loses what does not fit."""
    lines = text.render(restored(), View(width=80, lines=24)).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("ok"))
    assert lines[at].startswith(
        "ok        t-0  into eu-central-1, backup 20261125T010000Z-db4a925d, 50 items"
    )
    assert "3.2 KiB" not in lines[at]
    assert " ".join(" ".join(lines[at + 1 :]).split()) == f"{NOTE} settings not read: ttl (denied)"
    assert max(map(len, lines)) <= 80


def test_many_remarks_are_counted_where_they_do_not_fit() -> None:
    """A step with its remarks is one line of those that are counted."""
    shown = text.render(restored(30), View(width=80, lines=24))
    named = shown.count("ok        t-")
    assert 0 < named < 30
    assert f"and {30 - named} more lines: `-v` lists them" in shown
    assert len(shown.splitlines()) <= 24


def test_files_have_each_step_in_one_line() -> None:
    [line] = [each for each in text.render(restored(), LOG).splitlines() if each.startswith("ok")]
    assert "3.2 KiB" in line
    assert f"{NOTE}; settings not read: ttl (denied)" in line
