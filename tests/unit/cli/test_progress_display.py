"""Progress: one line for the run and a few tables on a terminal, one event a minute elsewhere."""

from __future__ import annotations

import io
import re
import threading
import time
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from ddbbackup.cli import progress_display as display_module
from ddbbackup.cli.progress_display import _Lines, _repeated, _Watched, log_progress, progress_display
from ddbbackup.cli.run_progress import RunProgress, columns
from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import DdbBackupError, TimedOut, Unreachable
from ddbbackup.model.export_pace import PACE, start_seconds
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.progress import Progress
from ddbbackup.steps.rate_limits import pace_of_checks


def running_backup() -> RunProgress:
    """50 tables after 47 seconds: 31 are done, 4 are exported, 15 wait for their turn."""
    progress = RunProgress("backup", started=0.0)
    progress.begin({f"backup t{n}": f"t{n}" for n in range(50)})
    for n in range(50):
        progress.step_started(f"backup t{n}")
        progress.report(Progress(f"t{n}", "queue", 0, None, "exports", reason=PACE), 1.0)
    for n in range(35):
        progress.report(Progress(f"t{n}", "export", 0, None, "exports"), 5.0 + n)
    for n in range(31):
        progress.step_ended(f"backup t{n}", failed=False)
    return progress


def test_one_line_says_how_far_the_run_is() -> None:
    """With the total from the start, and why the others wait."""
    assert running_backup().summary(47.0) == (
        "backup 31/50 tables · 4 exporting · 15 queued (AWS accepts 40 starts a minute) · 0 failed · 0:47"
    )


def test_a_narrow_terminal_says_what_failed_and_how_long_it_takes() -> None:
    """Of 80 columns too. The reason for waiting has a line of its own; phases are left out before the counts are."""
    progress = running_backup()
    assert progress.headline(47.0, 140) == [progress.summary(47.0)]
    pace = "  queued: AWS accepts 40 starts a minute"
    assert progress.headline(47.0, 80) == [
        "backup 31/50 tables · 4 exporting · 15 queued · 0 failed · 0:47",
        pace,
    ]
    assert progress.headline(47.0, 60) == ["backup 31/50 tables · 4 exporting · 0 failed · 0:47", pace]
    assert progress.headline(47.0, 20) == ["backup 31/50 tables · 0 failed · 0:47", pace]


def test_the_pace_of_200_exports_is_about_five_minutes() -> None:
    """As `preview`, the help of `backup` and the documentation say."""
    assert 4.5 * 60 < start_seconds(200) < 5 * 60
    assert start_seconds(1) == 0
    assert PACE == "AWS accepts 40 starts a minute"
    assert (
        "AWS accepts 40 starts a minute, so 200 tables take about five minutes" in VERBS["backup"].description
    )


def test_before_a_step_has_said_anything_the_total_is_known() -> None:
    """Steps are checked, then they wait for a thread."""
    progress = RunProgress("restore", started=0.0)
    progress.begin({f"restore r{n}": f"t{n}" for n in range(1200)})
    assert progress.summary(0.2) == "restore 0/1 200 tables · 1 200 checking · 0 failed · 0:00"
    progress.step_started("restore r0")
    progress.step_ended("restore r1", failed=True)
    assert progress.summary(3700) == (
        "restore 1/1 200 tables · 1 waiting · 1 198 checking · 1 failed · 1:01:40"
    )


def test_at_most_five_tables_are_shown_those_with_numbers_first() -> None:
    """In human sizes, with the time that is left once it can be known."""
    progress = running_backup()
    progress.report(Progress("t33", "verify", 0, 4 << 30, "bytes"), 50.0)
    progress.report(Progress("t33", "verify", 1 << 30, 4 << 30, "bytes"), 60.0)
    progress.report(Progress("t34", "write", 1200, 3000), 60.0)
    progress.report(Progress("t40", "scan", 700, None), 61.0)
    progress.report(Progress("t32", "write", 0, 50), 62.0)
    progress.report(Progress("t32", "write", 50, 50), 62.0)
    assert progress.active(80.0) == [
        ("t33", "verifying 1.0 GiB of 4.0 GiB, 25%, about 1m 30s left"),
        ("t34", "writing 1 200 of 3 000 items, 40%"),
        ("t40", "scanning, 700 items so far"),
        ("t32", "writing 50 of 50 items, 100%"),
        ("t31", "exporting for 0:44"),
    ]
    assert columns([("t1", "x"), ("orders", "y")], 80) == ["  t1      x", "  orders  y"]


def test_a_table_whose_items_are_written_is_not_done() -> None:
    """Items are read back, and settings are applied."""
    progress = RunProgress("restore", started=0.0)
    progress.begin({"restore r0": "t0"})
    progress.step_started("restore r0")
    progress.report(Progress("t0", "write", 50, 50), 1.0)
    progress.report(Progress("t0", "prove", 0, None), 2.0)
    assert progress.active(9.0) == [("t0", "reading back for 0:07")]
    progress.report(Progress("t0", "settings", 0, None, reason="the tags"), 10.0)
    assert progress.active(12.0) == [("t0", "applying settings for 0:02: the tags")]
    assert progress.summary(12.0) == "restore 0/1 tables · 1 applying settings · 0 failed · 0:12"


def test_work_of_the_whole_run_is_shown_while_it_lasts() -> None:
    """Reading tags, assessing for a preview."""
    progress = RunProgress("preview", started=0.0)
    assert progress.is_idle
    progress.report(Progress("", "assess", 120, 200, "tables"), 1.0)
    assert progress.summary(12.0) == "preview · checking 120/200 tables · 0:12"
    slow = Progress("", "assess", 121, 200, "tables", reason=pace_of_checks(200))
    progress.report(slow, 1.0)
    why = "AWS allows 10 reads of recovery windows a second"
    assert progress.summary(12.0) == f"preview · checking 121/200 tables ({why}) · 0:12"
    assert progress.headline(12.0, 60) == [
        "preview · checking 121/200 tables · 0:12",
        f"  checking: {why}",
    ]
    progress.report(Progress("", "assess", 200, 200, "tables"), 2.0)
    assert progress.is_idle


def test_a_run_that_has_ended_shows_nothing() -> None:
    """The report follows."""
    progress = running_backup()
    for n in range(50):
        progress.step_ended(f"backup t{n}", failed=False)
    assert progress.is_idle


def test_off_a_terminal_one_event_tells_of_all_tables() -> None:
    """Not one for each."""
    with capture_logs() as logs:
        log_progress(running_backup())
        log_progress(RunProgress("backup", started=0.0))
    (event,) = logs
    assert (event["event"], event["done"], event["total"], event["failed"]) == ("run.progressed", 31, 50, 0)
    assert len(event["active"]) == 4
    assert event["summary"].startswith("backup 31/50 tables · 4 exporting · 15 queued (")


def test_events_come_at_intervals_and_not_with_each_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first after one interval; none from a run that shows nothing."""
    assert display_module.EVENT_SECONDS == 60.0
    monkeypatch.setattr(display_module, "EVENT_SECONDS", 0.05)
    options = Namespace(verb="verify", log_format="json", detail="normal")
    with capture_logs() as logs, progress_display(options) as told:
        steps: Any = tuple(_Step(f"verify t{n}", f"t{n}") for n in range(200))
        told.begin(steps)
        for done in range(2000):
            told(Progress("t1", "verify", done, 5000, "bytes"))
        _until(lambda: len(logs) >= 3)
    assert {each["event"] for each in logs} == {"run.progressed"}
    assert len(logs) < 20


@dataclass(frozen=True)
class _Step:
    id: str
    table: str
    kind: str = "verify"


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_a_quiet_run_shows_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even on a terminal."""
    options = Namespace(verb="verify", log_format="console", detail="quiet")
    threads = threading.active_count()
    with progress_display(options) as told:
        told(Progress("t1", "verify", 1, 2))
        assert threading.active_count() == threads
    assert capsys.readouterr().err == ""


def test_the_lines_are_removed_when_there_is_nothing_to_show() -> None:
    """A question may follow: nothing must overwrite it."""
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=60)
    progress = RunProgress("diff", started=time.monotonic())
    lines = _Lines(progress, console)
    lines.draw()
    assert terminal.getvalue() == ""
    progress.report(Progress("orders", "compare", 5, 10, "bytes"), 0.0)
    lines.draw()
    assert "comparing 5 B of 10 B, 50%" in terminal.getvalue()
    progress.report(Progress("orders", "compare", 10, 10, "bytes"), 1.0)
    lines.draw_if_idle()
    before = terminal.getvalue()
    lines.draw()
    assert terminal.getvalue() == before
    lines.clear()
    progress.report(Progress("orders", "write", 1, 10), 0.0)
    lines.draw()
    assert terminal.getvalue() == before, "nothing is drawn after the end"


def test_lines_fit_the_terminal_and_long_names_are_cut_there_only() -> None:
    """They are drawn again and again: a line that wraps could not be removed."""
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=60, color_system=None)
    progress = RunProgress("backup", started=time.monotonic())
    progress.begin({"backup x": "x" * 200})
    progress.step_started("backup x")
    progress.report(Progress("x" * 200, "verify", 5, 10, "bytes"), 0.0)
    _Lines(progress, console).draw()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert all(len(line.strip("\r")) <= 60 for line in shown.splitlines())


def test_the_thread_ends_with_the_block() -> None:
    """And runs its work until then."""
    called = []
    with _repeated(lambda: called.append(1), 0.01):
        _until(lambda: len(called) > 2)
    count = len(called)
    time.sleep(0.05)
    assert len(called) == count
    assert "progress" not in {each.name for each in threading.enumerate()}


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (TimedOut("the data is archived", hint="run it again later"), 0),
        (Unreachable("no answer", hint="check the network"), 1),
    ],
)
def test_a_step_that_stopped_waiting_for_aws_is_not_counted_as_failed(
    error: DdbBackupError, failed: int
) -> None:
    """The report calls it running, while other tables may go on for hours."""
    progress = RunProgress("restore", started=0.0)
    progress.begin({"restore a": "a", "restore b": "b"})
    _Watched(progress).step_ended(Outcome("restore a", "restore", "a", "failed", error=error))
    assert (progress.done, progress.failed) == (1, failed)
