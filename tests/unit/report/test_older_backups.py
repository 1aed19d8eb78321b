"""A restore that took an older backup says so before anything that went well, in every form that people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.renderers import github, markdown, text
from ddbbackup.report.renderers.view import Detail, View
from tests.support.documents import EXAMPLES

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
USED = "20261125T010000Z-db4a925d"


def note(number: int) -> str:
    return (
        f"the newer backup 20261125T02000{number}Z-0badcafe cannot be restored: it was found damaged by "
        f"`verify --level items` at 2026-11-25T02:30:0{number}Z"
    )


def restored(tables: int, existing: str) -> RunReport:
    outcomes = [
        Outcome(
            f"restore t-{number}",
            "restore",
            f"t-{number}",
            "done",
            {
                "backup": USED,
                "notes": [note(number)],
                "passed_over": [note(number)],
                "existing": existing,
            },
        )
        for number in range(tables)
    ]
    return run_report(Report("restore", "1", "prod", "123456789012", "eu-west-1", NOW, NOW, tuple(outcomes)))


@pytest.mark.parametrize("detail", ["quiet", "normal", "verbose"])
def test_the_first_line_names_both_backups_and_the_reason(detail: Detail) -> None:
    view = View(width=400, lines=50, detail=detail)
    shown = text.render(restored(1, "keep"), view)
    assert shown.splitlines()[0] == f"OLDER BACKUP  t-0: {USED} was used, because {note(0)}"
    assert shown.count("it was found damaged") == 1


@pytest.mark.parametrize("existing", ["mirror", "overwrite"])
def test_where_items_were_replaced_it_stands_out_and_names_the_loss(existing: str) -> None:
    view = View(width=400, lines=50, colour=True)
    shown = text.render(restored(1, existing), view).splitlines()[0]
    assert shown.startswith("\x1b[1;31mOLDER BACKUP")
    assert shown.endswith("changes between the two were not restored")


def test_many_tables_share_a_line() -> None:
    report = restored(6, "mirror")
    (line,) = [
        each for each in text.render(report, View(width=400, lines=50)).splitlines() if "OLDER BACKUP" in each
    ]
    assert line.startswith(
        f"OLDER BACKUP  6 tables: t-0, t-1, t-2 and 3 more; for t-0, {USED} was used, because"
    )
    everything = text.render(report)
    assert "6 tables: t-0, t-1, t-2, t-3, t-4, t-5; for" in everything


def test_other_forms_say_it_too() -> None:
    report = restored(1, "keep")
    assert "- **older backup** t-0: " in markdown.render(report)
    assert f"::warning title=ddbbackup%3A older backup::t-0: {USED} was used" in github.render(report)


def test_a_difference_says_it_in_its_head() -> None:
    document = EXAMPLES["diff"]
    assert document.schema == "diff"
    shown = text.render(replace(document, passed_over=(note(0), note(1))))
    assert shown.splitlines()[1] == f"OLDER BACKUP  {note(0)} (and 1 other neither)"
    assert "OLDER BACKUP" not in text.render(document)
