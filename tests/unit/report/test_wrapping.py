"""Long lines on a terminal: broken at spaces, and counted as the terminal shows them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.cli.run_progress import columns
from ddbbackup.model.outcome import Outcome
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import LOG, View
from ddbbackup.report.renderers.wrapping import height, wrapped
from tests.support.outcomes import ok, pitr_off, report_of

_LINES = st.text("ab `", max_size=60)


@given(st.lists(_LINES, max_size=4), st.integers(min_value=8, max_value=40))
def test_only_spaces_are_lost(lines: list[str], width: int) -> None:
    """A line is wider than the terminal only if it is one word. The height is what a terminal needs."""
    text = "".join(f"{line}\n" for line in lines)
    shown = wrapped(text, View(width=width))
    assert shown.split() == text.split()
    for line in shown.splitlines():
        assert len(line) <= width or not re.search(r"[^ ] +[^ ]", re.sub(r"`[^`]*`", "x", line))
    assert height(text, View(width=width)) == sum(
        max(1, -(-len(line) // width)) for line in shown.splitlines()
    )


def test_a_command_stays_whole_and_colours_take_no_room() -> None:
    line = "  \x1b[36mhint: run `ddbbackup backup --only orders` first\x1b[0m\n"
    assert wrapped(line, View(width=50)) == line
    assert wrapped(line, View(width=42)) == (
        "  \x1b[36mhint: run\n    `ddbbackup backup --only orders` first\x1b[0m\n"
    )


def test_a_report_whose_lines_wrap_fits_the_terminal() -> None:
    """39 names of 70 characters: each line would take two."""
    report = report_of(ok(f"{'x' * 70}-{n:02}") for n in range(39))
    view = View(width=80, lines=50)
    text = render(report, "text", view)
    assert height(text, view) <= 50
    assert text.startswith("backup prod: 39 ok")
    assert text.endswith("39 tables without remarks: `-v` lists them\n")


def test_the_log_of_a_pipeline_ends_with_what_failed_and_the_summary() -> None:
    """A file begins with it. No line is padded to a name that is much longer than the others."""
    long = "x" * 200
    report = report_of([*(ok(f"t{n}") for n in range(9)), ok(long), pitr_off("last")])
    lines = render(report, "text", LOG).splitlines()
    assert lines[0] == "ok        t0  5 items, 99 B, 3.0s"
    assert lines[-6:-2] == [
        "FAILED  backup last",
        "  point-in-time recovery of last is off",
        "  hint: enable it, or set `pitr: enable` for last",
        "",
    ]
    assert lines[-2].startswith("backup prod: 1 failed, 10 ok in ")
    assert render(report, "text").startswith("FAILED  backup last\n")


def test_progress_cuts_names_and_not_what_is_told() -> None:
    told = "verifying 1.2 GiB of 4.0 GiB, 30%, about 1m 12s left"
    long = "billing-" + "x" * 90 + ".orders"
    rows = columns([(long, told), ("users", "exporting for 0:12")], 80)
    assert rows[0].endswith(f"  {told}")
    assert rows[0].startswith("  billing-")
    assert ".orders" in rows[0]
    assert max(map(len, rows)) <= 80


def restored(table: str) -> Outcome:
    settings = [
        {"setting": name, "status": status, "reason": reason, "requested": True, "missing": False}
        for name, status, reason in (
            ("keys", "unchanged", ""),
            ("billing", "unchanged", "as the plan says"),
            ("pitr", "applied", "the recovery window begins now"),
            ("alarms", "skipped", f"alarms of {table} are not copied"),
        )
    ]
    return Outcome(f"restore x {table}", "restore", table, "done", {"items": 5, "settings": settings})


def test_settings_that_many_tables_share_are_said_once() -> None:
    """What was not applied first; settings that needed no change are left out."""
    report = report_of(restored(f"t{n}") for n in range(60))
    lines = render(report, "text", View(width=100, lines=40)).splitlines()
    assert lines[-3:] == [
        "alarms  skipped   60 tables: alarms of TABLE are not copied",
        "pitr    applied   60 tables: the recovery window begins now",
        "60 tables without other remarks: `-v` lists them",
    ]
    markdown = render(report, "markdown")
    assert "- pitr applied 60 tables: the recovery window begins now\n" in markdown
    assert "unchanged" not in markdown
