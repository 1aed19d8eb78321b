"""What ``report`` says of a table in one word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ddbbackup.catalog import locate
from ddbbackup.model.table_status import NotRestorable, TableStatus
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.overview import Overview
from ddbbackup.report.overview.build import AccountTables, ObservedPlan, ObservedTable, overview
from ddbbackup.report.renderers import render
from tests.support.records import IDENTITY

ID = "20261125T020000Z-0badcafe"


def report(status: TableStatus) -> Overview:
    location = locate(Destination("vault", "acme"), IDENTITY, table=status.table, plan="prod")
    table = ObservedTable(location, TableEntry(0, "vault", name=status.table, rpo_seconds=60), status)
    plan = ObservedPlan("prod", ["ddbbackup.yaml"], IDENTITY, [table], AccountTables([]))
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
