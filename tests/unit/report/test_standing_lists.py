"""``status`` and ``list`` for people: what needs attention first, cells without spaces, no more than a screenful."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.catalog import BadRecord, RecordedFailure, StoredRecord, locate
from ddbbackup.cli import options
from ddbbackup.errors import AccessDenied, DataIncomplete
from ddbbackup.model.table_status import NotRestorable, TableStatus, UnreadableDestination
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.plan.model import Destination
from ddbbackup.report.documents import list as lists
from ddbbackup.report.documents import status as statuses
from ddbbackup.report.documents.list import BackupList, backup_list
from ddbbackup.report.documents.status import StatusReport, failed_plan, plan_status, status_report
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import Detail, View
from ddbbackup.report.renderers.wrapping import height
from ddbbackup.status.gone_tables import GoneTable
from tests.support.records import IDENTITY, instant, record

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
ID = "20261125T020000Z-0badcafe"
OK = TableStatus(
    "orders",
    "ok",
    backup=ID,
    kind="full",
    export_time=NOW - timedelta(hours=1),
    age_seconds=3600,
    rpo_seconds=86400,
    items=1234567,
    size_bytes=2254857830,
    verified=VerificationResult("checksums", NOW, "ok"),
)
STALE = replace(OK, table="late", state="stale", age_seconds=100_000)
FAILED = replace(OK, table="tried", last_failure="PITR is off")
NEVER = TableStatus("new", "never", rpo_seconds=86400)
DAMAGED = replace(OK, table="hurt", not_restorable=(NotRestorable(ID, "it was found damaged", damaged=True),))
LOST = TableStatus("lost", "never", not_restorable=(NotRestorable(ID, "it does not exist"),))
DENIED = UnreadableDestination("vault", "acme", ("a", "b"), AccessDenied("denied", hint="ask"))


def status(
    *tables: TableStatus, unreadable: tuple[UnreadableDestination, ...] = (), **chosen: object
) -> StatusReport:
    read = plan_status("prod", ["prod.yaml"], IDENTITY, tables, unreadable, [], exit_code=0)
    return status_report([read], now=NOW, exit_code=0, **chosen)  # type: ignore[arg-type]  # as the test says


def names(document: StatusReport) -> list[str]:
    return [row.table for row in document.tables]


def test_the_worst_tables_come_first() -> None:
    """Those that are well keep the order of the plan."""
    document = status(OK, replace(OK, table="bills"), FAILED, STALE, NEVER, LOST)
    assert names(document) == ["lost", "new", "late", "tried", "orders", "bills"]
    assert [row.status for row in document.tables[:4]] == ["unrestorable", "never", "stale", "failed"]


def test_damage_that_a_verification_found_shows_in_the_row_of_the_table() -> None:
    (row,) = status(DAMAGED).tables
    assert (row.status, row.failed_verification) == ("failed", True)
    assert cells(render(status(DAMAGED), "text"))[0][8] == "failed"


@pytest.mark.parametrize("detail", ["normal", "quiet"])
def test_a_table_that_was_deleted_is_said_with_what_brings_it_back(detail: Detail) -> None:
    """It has no row: it does not exist. The summary does not count it."""

    def text(*gone: str) -> str:
        found = [GoneTable(table, ID) for table in gone]
        read = plan_status("prod", ["p.yaml"], IDENTITY, [OK], [], [], exit_code=0, gone=found)
        return render(status_report([read], now=NOW, exit_code=0), "text", View(detail=detail))

    command = "`ddbbackup restore --table logs --settings all` brings it back"
    assert f"gone: logs: this table does not exist any more; {command}\n" in text("logs")
    command = "`ddbbackup restore --match logs --match carts --settings all` brings them back"
    assert f"gone: logs, carts: these tables do not exist any more; {command}\n" in text("logs", "carts")
    command = "`ddbbackup restore --all --create new --settings all` brings back every table that has backups"
    assert f"gone: a, b, c and 1 more: these tables do not exist any more; {command} and" in text(*"abcd")
    assert "`ddbbackup restore --table=-logs --settings all`" in text("-logs"), "a name may begin with a dash"
    assert "gone" not in text()


AMERICA = replace(IDENTITY, region="us-east-1")


def test_the_command_that_brings_a_table_back_has_the_files_of_its_plan() -> None:
    """Plans of several regions often have one name."""
    here = plan_status("prod", ["eu.yaml"], IDENTITY, [OK], [], [], exit_code=0, gone=[GoneTable("logs", ID)])
    there = plan_status(
        "prod", ["us.yaml"], AMERICA, [OK], [], [], exit_code=0, gone=[GoneTable("carts", ID)]
    )
    text = render(status_report([here, there], now=NOW, exit_code=0), "text")
    assert (
        f"gone in {IDENTITY.region}: logs: this table does not exist any more; `ddbbackup restore --table logs"
        in text
    )
    assert "--settings all -f eu.yaml` brings it back\n" in text
    assert "`ddbbackup restore --table carts --settings all -f us.yaml` brings it back\n" in text


def test_a_backup_of_a_table_of_the_same_name_elsewhere_is_not_an_older_one() -> None:
    plans = [
        plan_status("prod", ["prod.yaml"], place, [replace(DAMAGED, table="orders")], [], [], exit_code=0)
        for place in (IDENTITY, AMERICA)
    ]
    text = render(status_report(plans, now=NOW, exit_code=0), "text")
    assert [
        f"not restorable: {ID} of orders ({each}): it was found damaged\n" in text
        for each in (IDENTITY.region, "us-east-1")
    ] == [True, True]
    assert "older" not in text


def test_plans_of_one_name_in_several_regions_are_told_apart() -> None:
    """By the Region, not by the name of the plan."""
    read = [
        plan_status("prod", ["eu.yaml"], IDENTITY, [FAILED], [], [], exit_code=0),
        plan_status("prod", ["us.yaml"], AMERICA, [FAILED], [], [], exit_code=0),
    ]
    shown = render(status_report(read, now=NOW, exit_code=0), "text")
    assert f"tried ({IDENTITY.region}), tried (us-east-1): PITR is off" in shown
    assert shown.split()[:2] == ["TABLE", "STATUS"]


def test_filters_choose_what_is_shown_and_the_summary_counts_all() -> None:
    tables = (OK, STALE, replace(FAILED, running=(ID,)))
    every = status(*tables).summary
    assert (every.tables, every.ok, every.stale, every.failed) == (3, 1, 1, 1)
    assert names(status(*tables, problems=True)) == ["late", "tried"]
    assert names(status(*tables, states=("stale", "ok"))) == ["late", "orders"]
    assert names(status(*tables, states=("running",))) == ["tried"]
    assert status(*tables, states=("never",)).summary == every


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("table", ["hurt", "late", "new", "orders"]),
        ("age", ["late", "orders", "hurt", "new"]),
        ("items", ["late", "orders", "hurt", "new"]),
        ("backup", ["late", "orders", "hurt", "new"]),
    ],
)
def test_an_order_that_was_asked_for_replaces_that_of_problems(sort: str, order: list[str]) -> None:
    assert names(status(STALE, NEVER, OK, DAMAGED, sort=sort)) == order


def cells(text: str) -> list[list[str]]:
    """The rows of the table, as `awk` sees them."""
    return [line.split() for line in text.partition("\n\n")[0].splitlines()[1:]]


def test_every_cell_is_one_word() -> None:
    """So that `awk '{print $8}'` works."""
    text = render(status(OK, STALE, NEVER, LOST, unreadable=(DENIED,)), "text")
    heads = text.splitlines()[0].split()
    assert {len(row) for row in cells(text)} == {len(heads)}
    orders = dict(zip(heads, cells(text)[-1], strict=True))
    assert orders == {
        "TABLE": "orders",
        "STATUS": "ok",
        "BACKUP": ID,
        "KIND": "full",
        "AGE": "1h",
        "RPO": "24h",
        "ITEMS": "1234567",
        "SIZE": "2.1GiB",
        "VERIFIED": "checksums@2026-11-25",
    }


def test_a_destination_that_cannot_be_read_is_one_row() -> None:
    document = status(OK, unreadable=(DENIED,))
    text = render(document, "text")
    assert cells(text)[0][:2] == ["destination:vault", "unreadable"]
    assert "unreadable: destination vault (bucket acme), 2 tables: denied\n" in text
    assert "denied" not in render(document, "text", TERMINAL)  # stderr says it, with the hint
    assert text.endswith("\n1 ok · 2 unreadable (plan prod, account 123456789012, region eu-west-1)\n")


def test_plan_account_and_region_are_columns_if_they_differ() -> None:
    here = plan_status("prod", ["prod.yaml"], IDENTITY, [OK], [], [], exit_code=0)
    there = plan_status("test", ["test.yaml"], AMERICA, [STALE], [], [], exit_code=4)
    text = render(status_report([here, there], now=NOW, exit_code=4), "text")
    assert text.splitlines()[0].split() == [
        *("PLAN", "TABLE", "STATUS", "BACKUP", "KIND", "AGE", "RPO", "ITEMS", "SIZE", "VERIFIED", "REGION"),
    ]
    assert [(row[0], row[1], row[-1]) for row in cells(text)] == [
        ("test", "late", "us-east-1"),
        ("prod", "orders", "eu-west-1"),
    ]
    assert text.endswith("\n1 ok · 1 stale (2 plans, account 123456789012)\n")


TERMINAL = View(width=140, lines=60)


@pytest.mark.parametrize("bad", [3, 500])
def test_two_thousand_tables_are_a_screenful_on_a_terminal(bad: int) -> None:
    """Problems first, then what fits; off a terminal, and with `-v`, everything."""
    tables = [replace(FAILED, table=f"bad-{n}", last_failure=f"reason {n}") for n in range(bad)]
    tables += [replace(OK, table=f"good-{n}") for n in range(2000 - bad)]
    document = status(*tables)
    lines = render(document, "text", TERMINAL).splitlines()
    assert len(lines) <= 60
    assert lines[1].startswith("bad-0 ")
    assert any(line.startswith("… ") and line.endswith(" more tables (-v shows all)") for line in lines)
    assert lines[-1].startswith(f"{2000 - bad:,} ok · {bad} failed (".replace(",", " "))
    for view in (View(), replace(TERMINAL, detail="verbose")):
        assert len(render(document, "text", view).splitlines()) > 2000 + bad


def test_markdown_says_which_plan_cannot_be_shown() -> None:
    """A table follows a blank line, or it is text to some readers of Markdown."""
    here = plan_status("prod", ["prod.yaml"], IDENTITY, [OK], [], [], exit_code=0)
    invalid = failed_plan(["old.yaml"], DataIncomplete("2 problems", hint="run `ddbbackup validate`"))
    comment = render(status_report([here, invalid], now=NOW, exit_code=65), "markdown")
    assert "- old.yaml: 2 problems  \n  hint: run `ddbbackup validate`\n" in comment
    assert comment.split("\n| plan | table |", 1)[0].endswith("\n")
    assert "| `checksums@2026-11-25` |" in comment


def test_quiet_shows_only_problems() -> None:
    quiet = replace(TERMINAL, detail="quiet")
    assert render(status(OK), "text", quiet) == ""
    text = render(status(OK, STALE), "text", quiet)
    assert [row[0] for row in cells(text)] == ["late"]


# ---- list


LOCATION = locate(Destination("vault", "vault", "{table}/"), IDENTITY, table="orders", plan="prod")


def stored(hours_ago: int, state: str = "complete") -> StoredRecord:
    at = NOW - timedelta(hours=hours_ago)
    made = record(run=f"r{hours_ago}", at=at, state=state, covers=instant(at))
    return StoredRecord(made, LOCATION, LOCATION.record_key(made.id), '"e"')


def backups(*records: StoredRecord | BadRecord, **chosen: object) -> BackupList:
    return backup_list("prod", records, {}, **chosen)  # type: ignore[arg-type]  # as the test says


def test_failures_since_the_newest_complete_backup_come_first() -> None:
    """What failed before it is history."""
    new, good, old = stored(1, "failed"), stored(2), stored(3, "failed")
    bad = BadRecord(LOCATION, LOCATION.record_key("20261101T000000Z-0badcafe"), DataIncomplete("-", hint="-"))
    document = backups(new, good, old, bad)
    ids = [new.record.id, bad.id, good.record.id, old.record.id]
    assert [row.backup for row in document.backups] == ids
    assert [row.backup for row in backups(new, good, old, bad, problems=True).backups] == ids[:2]
    assert (document.summary.problems, document.summary.backups) == (2, 4)
    assert document.summary.states == {"failed": 2, "complete": 1, "unusable": 1}
    assert [row.backup for row in backups(new, good, old, states=("complete",)).backups] == [good.record.id]
    assert [row.backup for row in backups(new, good, old, sort="backup").backups] == [*ids[:1], *ids[2:]]


def test_a_complete_backup_in_one_destination_does_not_hide_a_failure_in_another() -> None:
    """Two destinations may lie in one bucket."""
    other = locate(Destination("new", "vault", "new/{table}/"), IDENTITY, table="orders", plan="prod")
    made = replace(stored(1, "failed"), location=other, key=other.record_key("x"))
    for order in ((stored(2), made), (made, stored(2))):
        assert backups(*order).summary.problems == 1


def test_a_failure_in_another_destination_is_not_an_older_one() -> None:
    failed = stored(1, "failed")
    failed = replace(failed, record=replace(failed.record, failure=RecordedFailure(message="S3 refused it")))
    other = locate(Destination("new", "vault", "new/{table}/"), IDENTITY, table="orders", plan="prod")
    text = render(backups(failed, replace(failed, location=other)), "text")
    assert text.count("of orders") == 2
    assert "older" not in text


def test_a_list_has_one_word_in_each_cell_and_a_summary() -> None:
    text = render(backups(stored(1), stored(2, "in_progress")), "text")
    heads = text.splitlines()[0].split()
    assert heads == ["TABLE", "BACKUP", "KIND", "STATE", "VERIFIED", "TIME", "ITEMS", "SIZE"]
    assert {len(row) for row in cells(text)} == {len(heads)}
    assert cells(text)[0][5] == "2026-11-25T02:00:00Z"
    assert text.endswith("\n1 complete · 1 in_progress (1 table, plan prod)\n")


def test_an_empty_list_says_nothing_about_the_rest_of_the_catalog() -> None:
    """`--since` may have left all of it out."""
    assert render(backups(), "text") == "no backups to list (plan prod)\n"


def test_a_long_list_is_a_screenful_on_a_terminal() -> None:
    document = backups(*(stored(n) for n in range(3000)))
    lines = render(document, "text", TERMINAL).splitlines()
    assert len(lines) <= 60
    assert "… 2 9" in lines[-3]
    assert len(render(document, "text").splitlines()) > 3000


def test_the_command_line_offers_what_the_documents_know() -> None:
    """The options are parsed before anything heavy is imported."""
    assert options.TABLE_STATES == statuses.STATES
    assert options.TABLE_COLUMNS == statuses.SORTED_BY
    assert options.BACKUP_STATES == lists.STATES
    assert options.BACKUP_COLUMNS == lists.SORTED_BY


def test_a_narrow_terminal_still_says_that_a_backup_runs() -> None:
    """Its column is left out there. The line counts tables, also those that are not shown."""
    document = status(replace(OK, running=(ID,)), replace(OK, table="bills"))
    text = render(document, "text", View(width=80, lines=24))
    assert "RUNNING" not in text
    assert text.splitlines()[-1].startswith("2 ok · 1 running (")
    assert status(replace(OK, running=(ID,)), problems=True).summary.running == 1


def test_on_a_small_terminal_the_worst_reason_comes_before_tables_that_are_well() -> None:
    """However long it is."""
    reason = "it was found damaged " + "by a verification that read every byte of it " * 6
    hurt = replace(DAMAGED, not_restorable=(NotRestorable(ID, reason.strip(), damaged=True),))
    many = [replace(OK, table=f"t{number:03}") for number in range(200)]
    view = View(width=80, lines=24)
    shown = render(status(hurt, FAILED, *many), "text", view)
    assert "not restorable: " in shown
    assert height(shown, view) <= 24
