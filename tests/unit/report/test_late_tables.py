"""How a notification names the tables that break their RPO: once, with their failure if this run failed for them."""

from __future__ import annotations

from collections.abc import Mapping

from ddbbackup.errors import PitrDisabled
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import TableStatus
from ddbbackup.notify.document import run_notification
from ddbbackup.report.renderers import render
from tests.support.run_summary import END, START, run_summary


def message(failed: Mapping[str, str], late: list[str]) -> str:
    """``failed``: why, by table."""
    outcomes = tuple(
        Outcome(f"backup {name}", "backup", name, "failed", error=PitrDisabled(why, hint="enable it"))
        for name, why in failed.items()
    )
    report = Report("backup", "4711", "prod", "123456789012", "eu-west-1", START, END, outcomes)
    statuses = tuple(TableStatus(name, "never", rpo_seconds=86_400) for name in late)
    return render(run_notification(run_summary(report=report, tables=statuses)), "text")


def test_a_table_that_failed_is_named_once() -> None:
    text = message({"orders": "it is off"}, ["orders", "users"])
    assert text.startswith(
        "FAILED  backup orders\n  it is off\n  never backed up (RPO 24h)\n  hint: enable it\n"
        "\nusers: never backed up (RPO 24h)\n"
    )
    assert text.count("orders") == 1


def test_all_tables_of_a_group() -> None:
    names = ["carts", "orders", "users"]
    text = message(dict.fromkeys(names, "it is off"), names)
    assert (
        "FAILED  backup of 3 tables: carts, orders, users\n  it is off\n  all of them break their RPO\n"
        in text
    )
    assert text.count("users") == 1


def test_some_tables_of_a_group() -> None:
    """These are named."""
    text = message(dict.fromkeys(["carts", "orders", "users"], "it is off"), ["users"])
    assert "  1 of them breaks its RPO: users\n" in text


def test_a_run_that_ended_with_an_error_names_them_all() -> None:
    statuses = (TableStatus("users", "never", rpo_seconds=86_400),)
    text = render(run_notification(run_summary(report=None, tables=statuses)), "text")
    assert "users: never backed up (RPO 24h)\n" in text
