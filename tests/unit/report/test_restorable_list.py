"""What a bare ``restore`` shows of very many tables: a screenful, with whole names."""

from __future__ import annotations

from datetime import UTC, datetime

from ddbbackup.report.documents.restorable import Restorable, RestorableTable
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import View

LONG = f"billing-{'archive-' * 11}orders"


def document(tables: int, notes: int = 0) -> Restorable:
    names = [LONG, *(f"orders-{number:03d}" for number in range(tables - 1))]
    return Restorable(
        "prod",
        "123456789012",
        "eu-west-1",
        (),
        tuple(
            RestorableTable(
                name,
                "20261126T170546Z-db4a925d",
                datetime(2026, 11, 26, 17, 5, 46, tzinfo=UTC),
                "full",
                50,
                3277,
                ("the newer backup 20261126T170600Z-0badcafe cannot be restored",) if number < notes else (),
            )
            for number, name in enumerate(names)
        ),
    )


def test_on_a_terminal_it_is_a_screenful() -> None:
    """At 80 columns, one long name costs the other rows nothing, and remarks have their share."""
    text = render(document(97, notes=30), "text", View(width=80, lines=50))
    lines = text.splitlines()
    assert sum(-(-len(line) // 80) for line in lines) <= 50
    assert LONG in text
    assert any(line.startswith("orders-000  ") and "20261126T170546Z-db4a925d" in line for line in lines)
    assert "more tables (-v shows all)" in text
    assert "cannot be restored" in text
    assert "more remarks (-v shows all)" in text


def test_everything_is_there_where_lines_are_not_limited() -> None:
    text = render(document(97, notes=30), "text", View(width=80))
    assert "orders-095" in text
    assert text.count("cannot be restored") == 30
