"""A preview of hundreds of tables: what is blocked and what changes first, as long as its reader can take."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ddbbackup.errors import PitrDisabled, TableMissing
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.preview import Preview, SelectedTables, preview
from ddbbackup.report.renderers import Form, render
from ddbbackup.report.renderers.view import View
from ddbbackup.report.step_groups import blockers_of, group_steps
from tests.support.plan_sides import IDENTITY, NOW

SNAPSHOTS = Path(__file__).parent / "previews"
GIB = 1 << 30
COMMENT_CHARACTERS = 65_536
"""GitHub: "body is too long (maximum is 65536 characters)"."""
EVERYTHING = View(characters=10_000_000)


def backup(number: int) -> Assessment[None]:
    """Every fiftieth is blocked, others begin a chain, are new, have nothing to do, or are as usual."""
    table = f"shop-orders-{number:04}"
    facts = {"backup_kind": "full", "last_backup": "20261124T090000Z-764bde9d", "export_time": "its start"}
    notes: tuple[str, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    actions: tuple[str, ...] = (f"export {table}", "record the backup")
    match number % 50:
        case 0:
            error = PitrDisabled(
                f"point-in-time recovery of {table} is disabled",
                hint=f"enable it for {table}, or set `pitr: enable`",
            )
            blockers = (Blocker(error),)
        case 1:
            blockers = (Blocker(TableMissing(f"table {table} does not exist", hint="correct its name")),)
        case 2 | 3:
            facts["last_backup"] = None  # type: ignore[assignment]  # as the fact of a first backup
        case 4:
            facts["new_chain"] = "the last full export is 31d old"
            notes = ("a full export begins a new chain: the last full export is 31d old",)
        case 5 | 6 | 7:
            actions = ()
    return Assessment(
        f"backup {table}",
        "backup",
        table,
        f"export {table} to s3://acme-vault/ddb/123456789012/eu-west-1/{table}/",
        None,
        actions=actions,
        items=1_204_811,
        size_bytes=3 * GIB,
        seconds=372.0,
        seconds_basis="the duration of the export of 20261124T090000Z-764bde9d",
        cost=packaged().cost("full_export", 3 * GIB),
        blockers=blockers,
        notes=notes,
        facts=facts,
    )


def fleet(tables: int) -> Preview:
    names = tuple(f"shop-orders-{number:04}" for number in range(tables))
    return preview(
        plan="prod",
        run="r1",
        now=NOW,
        identity=IDENTITY,
        prices=packaged(),
        selection=(SelectedTables("match: shop-*", 0, names),),
        backups=tuple(map(backup, range(tables))),
        restores=tuple(
            Assessment(
                f"restore copy-{n}",
                "restore",
                f"copy-{n}",
                f"write to copy-{n}",
                None,
                facts={"method": "write"},
            )
            for n in range(12)
        ),
    )


FLEET = fleet(200)


def test_a_terminal_shows_two_hundred_tables_like_this() -> None:
    rendered = render(FLEET, "text", View(width=80, lines=60))
    snapshot = SNAPSHOTS / "preview-200.txt"
    if os.environ.get("DDBBACKUP_UPDATE"):
        snapshot.write_text(rendered, encoding="utf-8")
    assert rendered == snapshot.read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "lines"), [(80, 60), (140, 60), (140, 40), (80, 40)])
def test_two_thousand_tables_fit_a_terminal(width: int, lines: int) -> None:
    """With the counts of every kind, and all reasons for which tables are blocked."""
    text = render(fleet(2000), "text", View(width=width, lines=lines))
    assert sum(-(-max(1, len(line)) // width) for line in text.splitlines()) <= lines
    assert text.startswith("preview prod: 1 800 to do, 80 blocked, 120 with nothing to do\n")
    assert "point-in-time recovery of TABLE is disabled" in " ".join(text.split())
    assert "table TABLE does not exist" in " ".join(text.split())
    assert "`-v` shows everything" in text


@pytest.mark.parametrize("view", [View(), View(width=80, lines=24, detail="verbose")])
def test_everything_is_shown_off_a_terminal_and_on_request(view: View) -> None:
    """A row for each table, and the details of each restore."""
    text = render(FLEET, "text", view)
    assert all(step.table in text for step in FLEET.steps)
    assert sum(line.startswith("shop-orders-") for line in text.splitlines()) == 200
    assert "  method: write" in text
    assert "`-v`" not in text


def test_few_steps_are_shown_whole_on_a_small_terminal() -> None:
    """What a restore would do is worth scrolling."""
    text = render(fleet(0), "text", View(width=80, lines=10))
    assert "`-v` shows everything" in text, "twelve restores are many"
    small = preview(
        plan="p",
        run="r",
        now=NOW,
        identity=IDENTITY,
        prices=packaged(),
        backups=tuple(map(backup, range(3))),
    )
    assert "`-v`" not in render(small, "text", View(width=80, lines=10))


def test_what_blocks_eight_restores_does_not_scroll_away() -> None:
    """Each has twenty lines of details."""
    eight = replace(fleet(0), restores=fleet(0).restores[:8])
    assert "  method: write" in render(eight, "text")
    shown = render(eight, "text", View(width=80, lines=24))
    assert len(shown.splitlines()) <= 24
    assert "  method: write" not in shown


def test_a_comment_is_shorter_than_github_allows() -> None:
    """What is blocked is whole, and a sentence says where the rest is."""
    for tables in (200, 2000):
        comment = render(fleet(tables), "markdown")
        assert len(comment) < COMMENT_CHARACTERS
        assert "> Shortened to fit into a comment. `--output json=FILE` writes everything" in comment
        assert comment.index("**blocked** `shop-orders-0000`") < comment.index("| backup | table |")
        assert comment.count("<details>") == comment.count("</details>")
        assert comment.endswith("as `assumed-role/ci/x`.\n")
        assert "{account}" not in comment
    comment = render(FLEET, "markdown")
    assert all(f"`{step.table}`" in comment for step in FLEET.backups)


def test_a_job_summary_has_everything() -> None:
    """GitHub takes sixteen times as much there."""
    summary = render(FLEET, "markdown", EVERYTHING)
    assert len(summary) > COMMENT_CHARACTERS
    assert "Shortened" not in summary
    assert summary.count("- backup shop-orders-") == 200


def test_names_of_any_length_fit_a_comment() -> None:
    """Table names have at most 255 characters, but names of restores are those of the plan."""
    long = tuple(
        Assessment(f"restore {'x' * 1500}{n}", "restore", f"{'y' * 255}-{n}", "", None) for n in range(300)
    )
    document = preview(plan="p", run="r", now=NOW, identity=IDENTITY, prices=packaged(), restores=long)
    assert len(render(document, "markdown")) < COMMENT_CHARACTERS


def test_groups_are_in_the_order_of_what_to_look_at() -> None:
    assert [(group.title, len(group.steps)) for group in group_steps(FLEET.backups)] == [
        ("blocked", 8),
        ("first full export", 8),
        ("new chain", 4),
        ("full export", 168),
        ("nothing to do", 12),
    ]


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize(("size_bytes", "text"), [(GIB, " 21.0 GiB "), (None, " at least 20.0 GiB ")])
def test_the_size_of_a_group_is_the_least_if_one_of_its_tables_has_none(
    form: Form, size_bytes: int | None, text: str
) -> None:
    """A table of which nothing is known is not small."""
    first, *others = [replace(backup(number), size_bytes=GIB) for number in range(8, 29)]
    steps = (replace(first, size_bytes=size_bytes), *others)
    shown = preview(plan="p", run="r", now=NOW, identity=IDENTITY, prices=packaged(), backups=steps)
    (row,) = [line for line in render(shown, form).splitlines() if "full export" in line and "GiB" in line]
    assert text in row


def test_a_reason_is_said_once_for_all_tables_that_have_it() -> None:
    """With TABLE in place of their names, also in the hint; a single table keeps its name."""
    disabled, missing = blockers_of(FLEET.steps)
    assert len(disabled.tables) == len(missing.tables) == 4
    assert disabled.text == "point-in-time recovery of TABLE is disabled"
    assert disabled.hint == "enable it for TABLE, or set `pitr: enable`"
    [one] = blockers_of(FLEET.steps[:1])
    assert (one.tables, one.text) == (
        ("shop-orders-0000",),
        "point-in-time recovery of shop-orders-0000 is disabled",
    )
