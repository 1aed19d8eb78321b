"""The first line of a preview: of which verb it is, and what there is to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.model.assessment import Assessment
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.preview import preview
from ddbbackup.report.phrases import about, prune_totals
from ddbbackup.report.renderers import render
from tests.support.documents import IDENTITY

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def heading(**steps: Any) -> str:
    document = preview(plan="prod", run="4711", now=NOW, identity=IDENTITY, prices=packaged(), **steps)
    return render(document, "text").splitlines()[0]


def step(kind: str, table: str, *actions: str) -> Assessment[None]:
    return Assessment(f"{kind} {table}", kind, table, "keep 2 of 2 restore points", None, actions=actions)


@pytest.mark.parametrize(
    ("section", "kind", "verb"),
    [("backups", "backup", ""), ("restores", "restore", "restore "), ("prunes", "prune", "prune ")],
)
def test_a_preview_names_its_verb(section: str, kind: str, verb: str) -> None:
    """A person who ran `prune` has not heard of `preview`. The whole plan needs no verb."""
    idle, busy = step(kind, "orders"), step(kind, "users", "do it")
    assert heading(**{section: (idle,)}) == f"preview {verb}prod: nothing to do for 1 table"
    assert heading(**{section: (idle, busy)}) == f"preview {verb}prod: 1 to do, 1 with nothing to do"


def test_a_cost_of_less_than_a_cent_is_not_nothing() -> None:
    """A restore of a small table is not free."""
    assert [about(usd) for usd in (0.0, 0.004, 1234.5)] == ["≈ $0.00", "<$0.01", "≈ $1,234.50"]


def test_without_any_step() -> None:
    assert heading() == "preview prod: nothing to do"


def test_thousands_are_grouped_as_in_every_other_number() -> None:
    many = tuple(step("backup", f"t{number}", "do it") for number in range(1200))
    assert heading(backups=many) == "preview prod: 1 200 to do"


def test_what_is_removed_is_of_unknown_size_if_one_table_does_not_know_it() -> None:
    """`0 B` would be a claim."""
    removing = replace(step("prune", "orders", "remove 1"), facts={"remove": [{}], "restore_points": 3})
    document = preview(
        plan="prod", run="1", now=NOW, identity=IDENTITY, prices=packaged(), prunes=(removing,)
    )
    assert prune_totals(document) == ["removes 1 of 3 restore points, –"]
