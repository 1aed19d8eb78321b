"""A preview in every form, compared with snapshots: set ``DDBBACKUP_UPDATE=1`` to write them, and read the diff."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.errors import DataIncomplete, PitrDisabled, Refused, TableMissing
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.check import Check
from ddbbackup.plan.schemas import schema_text
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.preview import Preview, SelectedTables, preview
from ddbbackup.report.renderers import Form, renderer
from ddbbackup.status.unselected_tables import UnselectedTable

SNAPSHOTS = Path(__file__).parent / "previews"
NOW = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
GIB = 1 << 30
OFF = Blocker(PitrDisabled("recovery is disabled for billing|b", hint="set `pitr: enable`"))
FULL = Blocker(Refused("the target orders-2 already holds items", hint="set `existing: keep`"))


def backup(table: str, *blockers: Blocker, changes: bool = True) -> Assessment[None]:
    return Assessment(
        f"backup {table}",
        "backup",
        table,
        f"export {table} to s3://acme-vault/ddb/{{table}}/",
        None,
        actions=(f"export {table}", "record the backup") if changes else (),
        items=1_204_811,
        size_bytes=3 * GIB,
        seconds=372.0,
        seconds_basis="the duration of the export of 20261124T090000Z-764bde9d",
        cost=packaged().cost("full_export", 3 * GIB) + packaged().cost("s3_month", GIB),
        blockers=blockers,
        facts={"backup_kind": "full", "last_backup": "20261124T090000Z-764bde9d"},
    )


RESTORE: Assessment[None] = Assessment(
    "restore copy",
    "restore",
    "orders-2",
    "write every item of the backup of orders to orders-2 (method: write)",
    None,
    actions=("write every item of the backup of orders to orders-2",),
    items=1_204_811,
    size_bytes=3 * GIB,
    seconds=301.0,
    seconds_basis="1 204 811 write units at 4 000 per second, by the average item size",
    cost=packaged().cost("write_unit", 1_204_811),
    blockers=(FULL,),
    notes=("orders-2 has a stream (NEW_IMAGE): every put appears in it",),
    facts={
        "backup": "20261124T090000Z-764bde9d",
        "method": "write",
        "because": "the target exists, and an import creates its table",
        "candidates": [
            {
                "method": "write",
                "chosen": True,
                "possible": True,
                "because": "the target exists, and an import creates its table",
                "experimental": False,
                "seconds": 301.0,
                "usd": 0.753,
                "unverified": False,
                "blockers": [],
            },
            {
                "method": "import",
                "chosen": False,
                "possible": False,
                "because": None,
                "experimental": False,
                "seconds": None,
                "usd": 0.45,
                "unverified": False,
                "blockers": ["the target orders-2 exists"],
            },
        ],
        "settings": [
            {"setting": "tags", "verdict": "would be applied", "reason": None},
            {"setting": "ttl", "verdict": "skipped", "reason": "the plan does not ask for it"},
        ],
    },
)
IDENTITY = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/ci/x", "aws", "eu-west-1")
COMPLETE = preview(
    plan="prod",
    run="r1",
    now=NOW,
    identity=IDENTITY,
    prices=packaged(),
    selection=(
        SelectedTables("name: orders", 0, ("orders",)),
        SelectedTables("match: billing|*", 1, ("billing|a", "billing|b")),
    ),
    unselected_tables=(
        UnselectedTable("billing|c", "20261124T090000Z-0badcafe", NOW, in_last_run=True, exists=False),
        UnselectedTable("billing|d", "20260101T090000Z-0badcafe", NOW, in_last_run=False, exists=None),
    ),
    destinations={
        "vault": (
            Check("destination vault", "bucket", "ok", "acme-vault is there"),
            Check("destination vault", "versioning", "warning", "versioning is off", "turn it on"),
            Check("destination vault", "lifecycle", "unknown", "access denied", "allow it"),
        )
    },
    backups=(backup("orders"), backup("billing|a", changes=False), backup("billing|b", OFF)),
    restores=(RESTORE,),
    notes=("could not check the quota",),
)


def of_steps(*, detailed: bool, **steps: tuple[Assessment[None], ...]) -> Preview:
    return preview(
        plan="p",
        run="r",
        now=NOW,
        identity=IDENTITY,
        prices=packaged(),
        detailed_exit_code=detailed,
        **steps,  # type: ignore[arg-type]  # only backups and restores
    )


@pytest.mark.parametrize(("form", "file"), [("text", "preview.txt"), ("markdown", "preview.md")])
def test_a_preview_reads_like_this(form: Form, file: str) -> None:
    """Names of tables cannot break a table; every estimate is marked as one."""
    rendered = renderer(form).render(COMPLETE)
    snapshot = SNAPSHOTS / file
    if os.environ.get("DDBBACKUP_UPDATE"):
        snapshot.write_text(rendered, encoding="utf-8")
    assert rendered == snapshot.read_text(encoding="utf-8")


def test_the_json_of_a_preview_matches_its_schema() -> None:
    """The sums are of the backups and exclude what has no price."""
    document = json.loads(renderer("json").render(COMPLETE))
    Draft202012Validator(json.loads(schema_text("preview"))).validate(document)
    assert document["totals"]["blocked"] == 1
    assert document["totals"]["cost"]["usd"] == pytest.approx(0.9)
    assert document["exit_code"] == 3


@pytest.mark.parametrize(
    ("steps", "plain", "detailed"),
    [
        ((backup("a"),), 0, 2),
        ((backup("a", changes=False),), 0, 0),
        ((backup("a"), backup("b", OFF)), 3, 3),
        ((backup("b", OFF),), 1, 1),
        ((backup("a"), backup("b", Blocker(DataIncomplete("x", hint="h")))), 65, 65),
        ((backup("a", Blocker(TableMissing("x", hint="h"))), backup("b", OFF)), 1, 1),
    ],
)
def test_a_preview_exits_as_the_run_would(
    steps: tuple[Assessment[None], ...], plain: int, detailed: int
) -> None:
    """Restores decide the exit code only if there are no backups."""
    assert of_steps(detailed=False, backups=steps, restores=(RESTORE,)).exit_code == plain
    assert of_steps(detailed=True, backups=steps, restores=(RESTORE,)).exit_code == detailed
    assert of_steps(detailed=True, restores=(RESTORE,)).exit_code == 1
