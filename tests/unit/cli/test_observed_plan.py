"""What `report` reads of a plan: what may not be read is a sentence on its page, and what is forged says nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.catalog import StoredRecord
from ddbbackup.cli.overview import observe_plan
from ddbbackup.cli.plan_globs import WantedTables
from ddbbackup.errors import AccessDenied, Unreachable
from ddbbackup.plan.model import AwsSettings, Plan, Retention, TableEntry
from ddbbackup.ports import ObjectFacts
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.overview import Overview
from ddbbackup.report.overview.build import overview
from ddbbackup.report.renderers import render
from tests.support.contexts import run_context
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, HOUR, TODAY, Vault
from tests.support.virtual_time import run_virtually

DENIED = AccessDenied("the role may not do this", hint="ask")


class Account:
    """The tables of the account. ``error`` is raised instead of naming them."""

    def __init__(self, *names: str, error: AccessDenied | None = None) -> None:
        self._names, self._error = names, error

    def names(self) -> Iterator[str]:
        if self._error is not None:
            raise self._error
        return iter(self._names)


def vault() -> Vault:
    """A chain and two full backups, of which retention keeps one; their summary is up to date."""
    made = Vault()
    made.full(TODAY - 4 * DAY)
    made.full(TODAY - 3 * DAY)
    made.chain(TODAY - DAY, 3)
    made.full(TODAY - HOUR)
    summarize(made)
    return made


def summarize(made: Vault) -> None:
    stored = [each for each in made.catalog.of_table(made.location) if isinstance(each, StoredRecord)]
    made.catalog.update_summary(made.location, stored)


def report(made: Vault, account: Account | None = None) -> Overview:
    entry = TableEntry(0, "vault", name="orders", rpo_seconds=7200, retention=Retention(keep_last=4))
    plan = Plan("prod", "p.yaml", AwsSettings(), {"vault": made.destination}, (entry,), {})
    source = SimpleNamespace(identity=IDENTITY, tables=account or Account("orders", "carts"))
    context = run_context(made.clock, plan=plan, catalog=made.catalog, source=source)
    read = run_virtually(observe_plan(context, ["p.yaml"], WantedTables((), several=False)), made.clock)
    return overview([read], prices=packaged(), now=TODAY)


def refuse(made: Vault, wanted: Callable[[str], bool], error: Exception = DENIED) -> None:
    """Reads of these keys are refused."""
    read = made.objects.read

    def refusing(bucket: str, key: str, **members: Any) -> tuple[bytes, ObjectFacts]:
        if wanted(key):
            raise error
        return read(bucket, key, **members)

    made.objects.read = refusing  # type: ignore[method-assign]


def test_everything_may_be_read() -> None:
    document = report(vault())
    (row,) = document.tables
    assert (row.status, row.restore_points, row.unsized, document.exit_code) == ("ok", 7, 0, 0)
    assert document.coverage[0].uncovered == ("carts",)
    assert row.retention is not None
    assert (row.retention.removes, row.retention.removes_bytes) == (2, 400)


# ---- what may not be read


def test_without_a_list_of_the_tables_the_page_says_so() -> None:
    document = report(vault(), Account(error=DENIED))
    assert document.exit_code == 0
    page = render(document, "html")
    assert f"could not be compared with the plan: {DENIED.message}." in page
    assert "Not in the plan" not in page


def test_without_the_summary_the_page_is_the_same() -> None:
    """Records say more or less the same; what only the ID of a window proves has no size, and the page says that."""
    made = vault()
    whole = report(made)
    refuse(made, lambda key: key == made.location.summary_key)
    document = report(made)
    (row,) = document.tables
    assert (row.restore_points, row.status, document.exit_code) == (7, "ok", 0)
    assert row.unsized == 3
    assert row.size_bytes == whole.tables[0].size_bytes - 3 * 200
    page = render(document, "html")
    assert "≥ 800 B" in page
    assert "data of all backups, except for 3 of unknown size" in page


def test_without_the_records_the_table_is_a_problem() -> None:
    made = vault()
    refuse(made, lambda key: key.endswith(".json"))
    document = report(made)
    assert (document.tables[0].status, document.exit_code) == ("unknown", 77)
    assert "1 table that could not be read" in render(document, "html")


def test_a_list_of_the_bucket_that_is_refused_is_a_problem_of_its_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = vault()

    def refuse_list(*_: object, **__: object) -> Iterator[ObjectFacts]:
        raise DENIED

    monkeypatch.setattr(made.objects, "folders", refuse_list)
    monkeypatch.setattr(made.objects, "keys", refuse_list)
    document = report(made)
    assert (document.tables[0].status, document.exit_code) == ("unknown", 77)
    assert [each.kind for each in document.findings] == ["unreadable"]


def test_retention_that_cannot_be_decided_leaves_the_rest_of_the_page() -> None:
    """It may have to read records that nothing else needs."""
    made = Vault()
    old = {each.id for each in made.chain(TODAY - 20 * DAY, 3)[:-1]}
    made.full(TODAY - HOUR, verified=None)
    refuse(
        made,
        lambda key: any(each in key for each in old),
        Unreachable("S3 does not answer", hint="try later"),
    )
    document = report(made)
    (row,) = document.tables
    assert (row.status, row.restore_points, row.retention) == ("ok", 5, None)
    assert row.retention_error == "S3 does not answer"
    assert "Of 1 table it is not known, because records could not be read." in render(document, "html")


def test_retention_that_is_blocked_removes_nothing() -> None:
    """As `prune` does. What it would remove without the record is no number of the page."""
    made = vault()
    made.objects.bodies[made.location.record_key("20261101T000000Z-0badcafe")] = b"{}"
    document = report(made)
    (row,) = document.tables
    assert row.retention is not None
    assert (row.retention.is_blocked, row.retention.removes, document.totals.removes) == (True, 0, 0)
    page = render(document, "html")
    assert "Of 1 table nothing is removed, because records cannot be used." in page


# ---- what is forged

ID, ETAG, PREVIOUS, CHAIN, BEGINS, REACHES, SIZE, VERIFIED, KIND, ITEMS = range(10)
HUGE = 10**30


@pytest.mark.parametrize(
    "change",
    [
        {SIZE: -1},
        {SIZE: HUGE},
        {SIZE: "1"},
        {SIZE: 1.5},
        {ITEMS: -5},
        {ITEMS: HUGE},
        {ITEMS: "<script>"},
        {REACHES: HUGE},
        {REACHES: 253_402_300_800},  # of the year 10000
        {BEGINS: 0, REACHES: 0},
        {BEGINS: 253_402_300_799},
        {REACHES: -HUGE, BEGINS: -HUGE},
        {KIND: "window"},
        {KIND: "<script>"},
        {KIND: None},
        {VERIFIED: "perfect"},
        {PREVIOUS: "20261101T000000Z-0badcafe"},
        {ID: "20261101T000000Z-0badcafe"},
        {ID: "99999999T999999Z-0badcafe"},
        {ETAG: '"of another"', SIZE: 1, ITEMS: 1, VERIFIED: "damaged"},
    ],
    ids=str,
)
def test_an_entry_of_the_summary_that_no_record_could_have_says_nothing(change: dict[int, Any]) -> None:
    """The record is read instead: the page is the one without this entry."""
    made = vault()
    whole = report(made)
    document = json.loads(made.objects.bodies[made.location.summary_key])
    row = document["records"][0]
    for place, value in change.items():
        row[place] = value
    made.objects.bodies[made.location.summary_key] = json.dumps(document).encode()
    forged = report(made)
    assert render(forged, "json") in (render(whole, "json"), render(unsized(made), "json"))
    assert forged.tables[0].restore_points == 7
    assert "<script>" not in render(forged, "html").partition("<script>")[2].partition("</script>")[2]


def unsized(made: Vault) -> Overview:
    """Without any summary."""
    kept = made.objects.bodies.pop(made.location.summary_key)
    found = report(made)
    made.objects.bodies[made.location.summary_key] = kept
    return found


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (1 << 20),
        b'{"summary_version":1,"records":[' + b'["a","b",null,"c",1,1,1,"ok","full",1],' * 300_000 + b"0]}",
        b" " * (17 << 20),
        b'{"summary_version":1,"records":[["' + b"x" * (10 << 20) + b'","e",null,"c",1,1,1,"ok","full",1]]}',
    ],
    ids=["deep", "many", "larger than any", "long"],
)
def test_a_summary_of_megabytes_says_nothing(body: bytes) -> None:
    """It is replaced by the next one that is written."""
    made = vault()
    whole = report(made)
    made.objects.bodies[made.location.summary_key] = body
    document = report(made)
    assert (document.tables[0].status, document.tables[0].restore_points) == ("ok", 7)
    summarize(made)
    assert len(made.objects.bodies[made.location.summary_key]) < 10_000
    assert render(report(made), "json") == render(whole, "json")


def test_the_largest_numbers_that_a_record_may_have_do_not_break_the_page() -> None:
    """Nobody can prove them: whoever writes them into a record writes them into the summary, too."""
    made = vault()
    record = next(each for each in made.records() if each.id == min(made.ids()))
    data = replace(record.data, size_bytes=2**63 - 1, item_count=2**63 - 1)
    made.write(replace(record, data=data))
    summarize(made)
    document = report(made)
    assert document.tables[0].size_bytes > 2**62
    assert "TiB" in render(document, "html")
    assert "TiB" in render(document, "text")
