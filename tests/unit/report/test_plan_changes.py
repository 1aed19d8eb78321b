"""What ``preview --against`` says, compared with snapshots: ``DDBBACKUP_UPDATE=1`` writes them, read the diff."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.errors import PitrDisabled
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.plan.comparison import compare_plans
from ddbbackup.plan.schemas import schema_text
from ddbbackup.plan.selection import Inventory
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.change_phrases import ChangeLine, change_lines
from ddbbackup.report.documents.plan_changes import TableConsequence, plan_changes
from ddbbackup.report.documents.preview import Preview, preview
from ddbbackup.report.renderers import Form, render
from tests.support.plan_sides import IDENTITY, plan_side

SNAPSHOTS = Path(__file__).parent / "previews"
NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
GIB = 1 << 30
FLEET = tuple(f"shop-{n:03}" for n in range(200))
BASE: dict[str, Any] = {
    "version": 1,
    "name": "prod",
    "aws": {"region": "eu-west-1"},
    "destinations": {"vault": {"bucket": "acme-vault", "prefix": "ddb/{account}/{table}/"}},
    "defaults": {"destination": "vault", "rpo": "24h", "retention": {"keep_daily": 14}},
    "tables": [{"name": "orders"}, {"name": "legacy-audit"}, {"name": "carts"}, {"match": "shop-*"}],
    "restores": {"copy": {"table": "orders", "to": {"table": "{table}-2"}}},
}


def first_backup(table: str, *blockers: Blocker) -> Assessment[None]:
    facts = {"backup_kind": "full", "last_backup": None}
    summary = f"export {table}"
    return Assessment(
        f"backup {table}",
        "backup",
        table,
        summary,
        None,
        actions=(summary,),
        size_bytes=4 * GIB,
        blockers=blockers,
        facts=facts,
    )


def compared(
    before: dict[str, Any],
    after: dict[str, Any],
    tables: tuple[str, ...] = FLEET,
    consequences: dict[str, TableConsequence] | None = None,
    backups: tuple[Assessment[None], ...] = (),
) -> Preview:
    inventory = Inventory(tables)
    comparison = compare_plans(plan_side(before, inventory), plan_side(after, inventory))
    changes = plan_changes(
        comparison, reference="origin/main", commit="5e0dcfd1" * 5, consequences=consequences
    )
    return preview(
        plan="prod",
        run="r1",
        now=NOW,
        identity=IDENTITY,
        prices=packaged(),
        backups=backups,
        against=changes,
    )


AFTER = {
    **BASE,
    "destinations": {
        "vault": {"bucket": "acme-vault", "prefix": "ddb/{account}/{table}/"},
        "archive": {"bucket": "acme-archive"},
    },
    "tables": [
        {"name": "orders", "rpo": "1h", "method": "incremental"},
        {"name": "carts", "retention": {"keep_daily": 7}, "destination": "archive"},
        {"name": "billing-refunds"},
        {"name": "billing-off"},
        {"match": "shop-*"},
    ],
    "restores": {"copy": {"table": "orders", "to": {"table": "{table}-3"}}},
}
CONSEQUENCES = {
    "legacy-audit": TableConsequence("s3://acme-vault/ddb/123456789012/legacy-audit/", backups=31),
    "carts": TableConsequence("s3://acme-vault/ddb/123456789012/carts/", backups=12, removed=5),
    "orders": TableConsequence("s3://acme-vault/ddb/123456789012/orders/"),
}
OFF = Blocker(PitrDisabled("point-in-time recovery of billing-off is disabled", hint="set `pitr: enable`"))
PULL_REQUEST = compared(
    BASE,
    AFTER,
    consequences=CONSEQUENCES,
    backups=(first_backup("billing-refunds"), first_backup("billing-off", OFF)),
)


@pytest.mark.parametrize(("form", "file"), [("text", "against.txt"), ("markdown", "against.md")])
def test_the_changes_of_a_pull_request_read_like_this(form: Form, file: str) -> None:
    """What is lost first; each risk is a sentence of its own."""
    rendered = render(PULL_REQUEST, form)
    snapshot = SNAPSHOTS / file
    if os.environ.get("DDBBACKUP_UPDATE"):
        snapshot.write_text(rendered, encoding="utf-8")
    assert rendered == snapshot.read_text(encoding="utf-8")


def test_the_json_matches_its_schema() -> None:
    document = json.loads(render(PULL_REQUEST, "json"))
    Draft202012Validator(json.loads(schema_text("preview"))).validate(document)
    assert document["against"]["unchanged_tables"] == 200


def test_the_same_change_of_many_tables_is_one_line() -> None:
    """With sums of what it means; four tables are still four lines."""
    weaker = {**BASE, "defaults": {"destination": "vault", "rpo": "1h", "retention": {"keep_daily": 7}}}
    consequences = {name: TableConsequence("s3://x/", removed=2) for name in FLEET}
    consequences |= {
        name: TableConsequence("s3://x/", removed=0) for name in ("orders", "legacy-audit", "carts")
    }
    [line] = change_lines(compared(BASE, weaker, consequences=consequences))
    assert line.label == "203 tables"
    assert line.text == "rpo 24h → 1h, retention.keep_daily 14 → 7"
    assert line.warnings == ("retention is weaker: `prune` would remove 400 more restore points",)
    few = compared(BASE, weaker, tables=FLEET[:1])
    assert [each.label for each in change_lines(few)] == ["carts", "legacy-audit", "orders", "shop-000"]


def test_many_moved_tables_are_one_line_with_their_common_place() -> None:
    """Without a template of the plan."""
    moved = {**BASE, "destinations": {"vault": {"bucket": "acme-2", "prefix": "ddb/{account}/{table}/"}}}
    consequences = {name: TableConsequence("s3://x/", backups=3) for name in (*FLEET, "orders", "carts")}
    consequences["legacy-audit"] = TableConsequence("s3://x/", backups=None)
    destination, tables = change_lines(compared(BASE, moved, consequences=consequences))
    assert (destination.label, destination.text) == ("destination vault", "bucket acme-vault → acme-2")
    assert tables.text == (
        "destination s3://acme-vault/ddb/123456789012/TABLE/ → s3://acme-2/ddb/123456789012/TABLE/"
    )
    [warning] = tables.warnings
    assert warning.endswith("and the backups so far stay in the old place")
    none = {name: TableConsequence("s3://x/", backups=0) for name in consequences}
    _, tables = change_lines(compared(BASE, moved, consequences=none))
    assert tables.warnings == ("the destination changes: the next backup is the first one there",)


def test_many_new_tables_are_one_line_with_their_size() -> None:
    after = {**BASE, "tables": [*BASE["tables"], {"match": "new-*"}]}
    names = tuple(f"new-{n}" for n in range(6))
    lines = change_lines(compared(BASE, after, tables=names, backups=tuple(map(first_backup, names))))
    assert lines == [ChangeLine("+", "table", names, "first full export ≈ 24.0 GiB")]


def test_no_change_says_so() -> None:
    text = render(compared(BASE, BASE), "text")
    assert "Changes against origin/main (5e0dcfd15e0d): no table changes\n" in text
    assert "203 tables and 1 restore unchanged\n" in text
