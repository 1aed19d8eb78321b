"""What is shown before the question whether a restore may destroy something, for one table and for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.bulk.compare import Counts
from ddbbackup.cli.destruction_facts import facts
from ddbbackup.plan.model import Existing, Restore, Target
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.report.renderers.view import View
from ddbbackup.restore.confirmation import Destruction
from ddbbackup.restore.restore_table import RestoreTable
from tests.support.simulated_tables import table_names

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
BACKED_UP = datetime(2026, 11, 24, 0, 0, 2, 345_000, tzinfo=UTC)
LOST = "changes since the restore point to items that it holds; other items stay"


def destruction(number: int, table: str, existing: Existing = "overwrite") -> Destruction:
    restore = Restore(f"back {table}", table, FromLatest(), Target(table), existing=existing)
    return Destruction(
        step=RestoreTable(restore, table),
        account="123456789012",
        region="eu-west-1",
        backup=f"20261124T0000{number % 60:02}Z-{number:08x}",
        time=BACKED_UP + timedelta(seconds=number),
        items_now=1000 * number,
        items_in_backup=1000 * number - 1 if number else None,
        changes=number % 3,
        lost=LOST,
        differences=Counts(missing=number, changed=1, extra=3 * number) if existing == "mirror" else None,
    )


def shown(found: Sequence[Destruction], width: int = 80) -> list[str]:
    return list(facts(found, NOW, View(width=width, lines=50)))


def test_one_table() -> None:
    assert shown([destruction(1, "orders")]) == [
        "restore back orders will overwrite orders with every item of the backup of orders",
        "  table          orders in account 123456789012, region eu-west-1",
        "  restore point  20261124T000001Z-00000001 (2026-11-24T00:00:04Z, 8h 29m ago)",
        "  items          1 000 now, as DynamoDB counted them up to six hours ago",
        "                 999 in the backup and 1 change after it",
        f"  will be lost   {LOST}",
    ]


def test_what_many_tables_share_is_said_once() -> None:
    lines = shown([destruction(number, f"table-{number}", "mirror") for number in range(3)], 120)
    assert lines == [
        "  TABLE    RESTORE POINT              ITEMS NOW  IN THE BACKUP      MISSING  CHANGED  DELETED",
        "  table-0  20261124T000000Z-00000000  0          –                  0        1        0",
        "  table-1  20261124T000001Z-00000001  1 000      999 + 1 change     1        1        3",
        "  table-2  20261124T000002Z-00000002  2 000      1 999 + 2 changes  2        1        6",
        "",
        "the restore will make 3 tables equal to their backups: write what differs, delete what is extra",
        "  in             account 123456789012, region eu-west-1",
        "  as of          2026-11-24T00:00:03Z (8h 29m ago)",
        "                 to 2026-11-24T00:00:05Z (8h 29m ago)",
        "  items          3 000 now, as DynamoDB counted them up to six hours ago",
        "                 at least 2 998 in the backups and 3 changes after them",
        "  will be put    3 missing items",
        "                 3 changed items",
        "  deleted        9 extra items",
        f"  will be lost   {LOST}",
        "",
        "`ddbbackup preview restore` with the same arguments shows method, settings and estimates of each table.",
    ]


def test_what_tables_do_not_share_is_said_for_each_group() -> None:
    """Such as another account."""
    found = [destruction(1, "orders"), replace(destruction(2, "users"), account="210987654321")]
    text = "\n".join(shown(found))
    assert text.count(" will overwrite ") == 2
    assert "account 210987654321" in text


@pytest.mark.parametrize("existing", ["overwrite", "mirror", "keep"])
@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize(("tables", "most"), [(23, 50), (40, 70), (200, 125)])
def test_every_table_is_named_with_its_items_on_about_a_screen(
    tables: int, most: int, width: int, existing: Existing
) -> None:
    """Nothing destructive is hidden, whatever the width. Of 23 tables about 150 lines were shown before."""
    found = [destruction(number, name, existing) for number, name in enumerate(table_names(tables))]
    lines = shown(found, width)
    text = "\n".join(lines)
    assert len(lines) <= most
    for each in found:
        assert each.step.target in text
    if tables > 40:
        words = " ".join(text.split())
        assert ("(199 000, 597 deleted)" if existing == "mirror" else "(199 000)") in words


def test_a_table_of_another_name_is_named_with_its_backup() -> None:
    restore = Restore("copy", "orders", FromLatest(), Target("orders-copy"), existing="overwrite")
    renamed = replace(destruction(1, "orders"), step=RestoreTable(restore, "orders-copy"))
    assert "  orders-copy  orders     2026" in "\n".join(shown([renamed, destruction(2, "users")], 100))
    many = [renamed, *(destruction(number, f"t{number}") for number in range(50))]
    assert "orders-copy from orders (1 000)" in " ".join(" ".join(shown(many)).split())
