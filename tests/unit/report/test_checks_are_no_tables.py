"""A step that checks a destination is no table: it is counted nowhere, and named only if it failed."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as Xml

from ddbbackup.backup.check_destination import CheckDestination
from ddbbackup.cli.progress_display import _Watched
from ddbbackup.cli.run_progress import RunProgress
from ddbbackup.errors import Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.plan.model import Destination
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.preview import preview
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import View
from tests.support.documents import IDENTITY

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
CHECK = CheckDestination(Destination("vault", "vault", "{table}/"))
ERROR = Refused("versioning of vault is off", hint="enable it")


def outcome(table: str) -> Outcome:
    return Outcome(f"backup {table}", "backup", table, "done", {"items": 5, "size_bytes": 9}, seconds=3)


def check_outcome(error: Refused | None = None) -> Outcome:
    return Outcome(CHECK.id, CHECK.kind, CHECK.table, "failed" if error else "done", {}, error)


def report_of(*outcomes: Outcome) -> RunReport:
    return run_report(
        Report("backup", "1", "prod", "123456789012", "eu-west-1", NOW, NOW + timedelta(seconds=9), outcomes)
    )


def test_progress_counts_tables() -> None:
    """Also while the check runs; one that fails is a failure."""
    progress = RunProgress("backup", started=0.0)
    told = _Watched(progress)
    tables: Any = tuple(
        Namespace(id=f"backup t{n}", kind="backup", table=f"t{n}", needs=(CHECK.id,)) for n in range(99)
    )
    told.begin((CHECK, *tables))
    assert progress.summary(0.0) == "backup 0/99 tables · 99 checking · 0 failed · 0:00"
    told.step_started(CHECK)
    told.step_ended(check_outcome())
    assert progress.summary(0.0) == "backup 0/99 tables · 99 checking · 0 failed · 0:00"
    told.step_ended(check_outcome(ERROR))
    assert progress.summary(0.0) == "backup 0/99 tables · 99 checking · 1 failed · 0:00"


def test_reports_count_tables() -> None:
    """In every form."""
    report = report_of(check_outcome(), *(outcome(f"t{n}") for n in range(99)))
    for form in ("text", "markdown"):
        text = render(report, form)
        assert "backup prod: 99 ok" in text
        assert "vault" not in text
    assert "99 tables without remarks" in render(report, "text", View(width=80, lines=24))
    suite = Xml.fromstring(render(report, "junit")).find("testsuite")
    assert suite is not None
    assert suite.get("tests") == "99"
    assert "vault" in render(report, "json")


def test_a_check_that_failed_is_said() -> None:
    skipped = Outcome("backup t", "backup", "t", "skipped", {"because": CHECK.id})
    report = report_of(check_outcome(ERROR), skipped)
    assert "FAILED  check destination vault\n  versioning of vault is off\n" in render(report, "text")
    assert "backup prod: 1 failed, 1 skipped" in render(report, "text")
    assert 'tests="2"' in render(report, "junit")


def assessment(kind: str, name: str, *blockers: Blocker) -> Assessment[None]:
    actions = () if kind == "check" else ("export",)
    return Assessment(f"{kind} {name}", kind, name, "do it", None, actions=actions, blockers=blockers)


def test_previews_count_tables() -> None:
    tables = tuple(assessment("backup", f"t{n}") for n in range(99))

    def shown(form: Any, *blockers: Blocker) -> str:
        steps = (assessment("check", CHECK.table, *blockers), *tables)
        document = preview(plan="prod", run="1", now=NOW, identity=IDENTITY, prices=packaged(), backups=steps)
        return render(document, form)

    for form in ("text", "markdown"):
        assert "preview prod: 99 to do\n" in shown(form)
        assert "| destination vault" not in shown(form)
        assert "preview prod: 99 to do, 1 blocked\n" in shown(form, Blocker(ERROR))
        assert "destination vault" in shown(form, Blocker(ERROR))
    assert "\ndestination vault " not in shown("text")
