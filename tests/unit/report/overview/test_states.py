"""What ``report`` says of a table in one word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.catalog import locate
from ddbbackup.errors import AccessDenied, NothingSelected
from ddbbackup.model.table_status import NotRestorable, TableStatus
from ddbbackup.plan.model import Destination, Retention, TableEntry
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.overview import Overview
from ddbbackup.report.overview.build import AccountTables, ObservedPlan, ObservedTable, overview
from ddbbackup.report.renderers import render
from tests.support.records import IDENTITY

ID = "20261125T020000Z-0badcafe"
OTHER = NothingSelected("match: x* matches no table", hint="correct it")


def report(*statuses: TableStatus) -> Overview:
    tables = [
        ObservedTable(
            locate(Destination("vault", "acme"), IDENTITY, table=status.table, plan="prod"),
            TableEntry(0, "vault", name=status.table, rpo_seconds=60),
            status,
        )
        for status in statuses
    ]
    plan = ObservedPlan("prod", ["ddbbackup.yaml"], IDENTITY, tables, AccountTables([]))
    return overview([plan], prices=packaged(), now=datetime(2026, 11, 25, 3, tzinfo=UTC))


@pytest.mark.parametrize("form", ["text", "html"])
def test_backups_that_cannot_be_restored_are_not_called_never_backed_up(form: str) -> None:
    """As `status` does: whoever reads it must look at what is there before it is overwritten or expires."""
    document = report(
        TableStatus("lost", "never", rpo_seconds=60, not_restorable=(NotRestorable(ID, "it is damaged"),))
    )
    assert document.tables[0].status == "unrestorable"
    assert (document.totals.unrestorable, document.totals.never) == (1, 0)
    printed = render(document, form)  # type: ignore[arg-type]  # two of the forms
    assert "never backed up" not in printed.lower()
    assert "1 unrestorable" in printed
    assert "no backup of it can be restored" in printed


def test_a_table_without_backups_was_never_backed_up() -> None:
    """It has nothing to look at."""
    document = report(TableStatus("new", "never", rpo_seconds=60))
    assert (document.tables[0].status, document.totals.never) == ("never", 1)
    assert "never backed up" in render(document, "text")


@pytest.mark.parametrize(
    "problem",
    [{"last_failure": "S3 refused it"}, {"not_restorable": (NotRestorable(ID, "it is damaged"),)}],
)
def test_a_table_whose_last_backup_failed_is_called_failed_as_status_does(problem: dict[str, Any]) -> None:
    """It is still within its RPO."""
    status = TableStatus("late", "ok", backup=ID, age_seconds=30, rpo_seconds=60, **problem)
    document = report(status)
    assert document.tables[0].status == status.standing == "failed"
    assert (document.totals.failed, document.totals.ok) == (1, 0)
    assert "0 ok · 1 failed" in render(document, "text")
    page = render(document, "html")
    assert "1 of 1" in page
    assert "ddbbackup backup --only late" in page


def test_nothing_is_claimed_of_a_table_whose_records_cannot_be_read() -> None:
    """It may have backups, verified ones, and a policy that removes some."""
    denied = AccessDenied("not allowed to read s3://acme", hint="ask")
    entry = TableEntry(0, "vault", name="orders", retention=Retention(keep_last=3))
    location = locate(Destination("vault", "acme"), IDENTITY, table="orders", plan="prod")
    table = ObservedTable(location, entry, error=denied)
    plan = ObservedPlan("prod", ["ddbbackup.yaml"], IDENTITY, [table], AccountTables(["orders"]))
    document = overview([plan], prices=packaged(), now=datetime(2026, 11, 25, 3, tzinfo=UTC))
    assert document.tables[0].days == ()
    assert document.tables[0].retention_error == "not allowed to read s3://acme"
    page = render(document, "html")
    assert "every backup is kept" not in page
    assert "Of 1 table it is not known, because records could not be read." in page
    row = page.split('<details class="t"', 1)[1].split("</details>", 1)[0]
    assert "no restore point" not in row
    for claim in ("never", ">none", "none:", "0 B", '<span class="right points">0<'):
        assert claim not in row
    for known in (">unknown<", "last 30 days: unknown", "<dt>Newest restore point<dd>unknown<"):
        assert known in row
    assert "<dt>Verified<dd>unknown<" in row


def test_an_error_that_many_tables_have_is_one_error_of_the_plan() -> None:
    """Of a bucket that cannot be read, each table has the same."""
    denied = [AccessDenied("not allowed to read s3://acme", hint="ask") for _ in range(3)]
    tables = [
        ObservedTable(
            locate(Destination("vault", "acme"), IDENTITY, table=f"table-{number}", plan="prod"), error=error
        )
        for number, error in enumerate(denied)
    ]
    plan = ObservedPlan(
        "prod", ["p.yaml"], IDENTITY, tables, AccountTables(()), unreadable=denied[:1], unselected=[OTHER]
    )
    document = overview([plan], prices=packaged(), now=datetime(2026, 11, 25, 3, tzinfo=UTC))
    assert [each.message for each in document.plans[0].errors] == [OTHER.message, denied[0].message]


def test_hints_name_tables_and_what_is_no_name_of_a_table_is_not_typed() -> None:
    """Of many, the first."""
    many = [TableStatus(f"table-{number}", "never", rpo_seconds=60) for number in range(5)]
    assert "ddbbackup backup --only table-0</code>, and likewise for the others" in render(
        report(*many), "html"
    )
    assert "ddbbackup backup --only table-0 --only table-1</code>" in render(report(*many[:2]), "html")
    dashed = render(report(TableStatus("-table", "never", rpo_seconds=60)), "html")
    assert "ddbbackup backup --only=-table</code>" in dashed
    hostile = render(report(TableStatus("$(reboot)", "never", rpo_seconds=60)), "html")
    assert "ddbbackup backup --only TABLE</code>" in hostile


def test_a_plan_without_tables_is_not_said_to_be_well() -> None:
    page = render(report(), "html")
    assert "No table is in the plan" in page
    assert "0 tables have" not in page
