"""One page of several plans: what each selects, what the account has besides, and what is said of all."""

from __future__ import annotations

import re
from dataclasses import replace

from ddbbackup.catalog import locate
from ddbbackup.errors import AccessDenied, NothingSelected
from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.overview import Coverage, Overview, RetentionOutlook
from ddbbackup.report.overview.build import (
    AccountTables,
    FailedPlan,
    ObservedPlan,
    ObservedTable,
    overview,
)
from ddbbackup.report.renderers import render
from tests.support.histories import NOW, simulated_plans
from tests.support.records import IDENTITY

DESTINATION = Destination("vault", "acme", "ddb/")
AMERICA = replace(IDENTITY, region="us-east-1")
DENIED = AccessDenied("not allowed to list tables", hint="ask")
INVALID = FailedPlan(["plans/<b>old</b>.yaml"], NothingSelected("it selects no table", hint="add one"))


def plan(
    name: str,
    *tables: str,
    account: AccountTables,
    identity: Identity = IDENTITY,
    kept: tuple[str, ...] = (),
    rpo_seconds: int | None = 3600,
) -> ObservedPlan:
    """All ``tables`` are well; ``kept`` have backups, but no entry."""

    def observed(table: str, entry: TableEntry | None) -> ObservedTable:
        status = (
            TableStatus(table, "ok", backup="20261125T020000Z-0badcafe", rpo_seconds=rpo_seconds)
            if entry is not None
            else None
        )
        return ObservedTable(
            locate(DESTINATION, identity, table=table, plan=name), entry, status, exists=True
        )

    entries = [
        observed(table, TableEntry(0, "vault", name=table, rpo_seconds=rpo_seconds)) for table in tables
    ]
    return ObservedPlan(
        name, [f"{name}.yaml"], identity, [*entries, *(observed(table, None) for table in kept)], account
    )


def page(*plans: ObservedPlan | FailedPlan) -> Overview:
    return overview(plans, prices=packaged(), now=NOW)


def test_a_table_that_one_plan_selects_is_covered() -> None:
    """In its account and region; a table of the same name elsewhere is another one."""
    account = AccountTables({"orders", "carts", "logs"})
    document = page(
        plan("a", "orders", account=account),
        plan("b", "carts", account=account),
        plan("c", "logs", account=AccountTables({"orders", "logs"}), identity=AMERICA),
    )
    assert document.coverage == (
        Coverage(IDENTITY.account, "eu-west-1", 3, None, ("logs",)),
        Coverage(IDENTITY.account, "us-east-1", 2, None, ("orders",)),
    )
    assert (document.totals.tables, document.totals.ok) == (3, 3)
    shown = render(document, "html")
    assert "Backups of <bdi>3 plans</bdi>" in shown
    assert f"account {IDENTITY.account}, regions eu-west-1 and us-east-1;" in shown


def test_one_plan_may_list_tables_that_another_may_not() -> None:
    denied = AccountTables(None, DENIED)
    document = page(
        plan("a", "orders", account=denied), plan("b", account=AccountTables({"orders", "carts"}))
    )
    assert [(each.tables, each.uncovered) for each in document.coverage] == [(2, ("carts",))]
    document = page(plan("a", "orders", account=denied), plan("b", "carts", account=denied))
    assert [(each.tables, each.reason) for each in document.coverage] == [(None, DENIED.message)]


def test_a_plan_that_cannot_be_read_hides_no_other() -> None:
    """It may cover what the others do not, and the page says so."""
    document = page(plan("a", "orders", account=AccountTables({"orders", "carts"})), INVALID)
    assert document.exit_code == NothingSelected.exit_code
    assert [(each.kind, each.plan) for each in document.findings] == [("plan", None)]
    shown = render(document, "html")
    assert "1 plan that could not be read" in shown
    assert "1 plan could not be read, and may have some of these tables." in shown
    assert "&lt;b&gt;old&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert "plan a: account" in render(document, "text")


def test_plans_of_one_name_that_share_a_catalog_are_not_counted_twice() -> None:
    """What one file selects has no entry in the other."""
    account = AccountTables({"orders", "carts", "old"})
    first = plan("prod", "orders", account=account, kept=("carts", "old"))
    second = plan("prod", "carts", account=account, kept=("orders", "old"))
    document = page(first, replace(second, files=["more.yaml"]))
    assert [(each.table, each.status) for each in document.tables] == [
        ("carts", "ok"),
        ("orders", "ok"),
        ("old", "kept"),
    ]
    assert "prod.yaml, more.yaml" in render(document, "html")


def test_a_table_that_another_plan_took_over_is_not_called_unprotected() -> None:
    account = AccountTables({"orders"})
    shown = render(
        page(plan("old", account=account, kept=("orders",)), plan("new", "orders", account=account)), "html"
    )
    assert "in the plan new, 0 restore points" in shown


def test_plans_of_one_name_are_told_apart_by_account_and_region() -> None:
    account = AccountTables({"orders"})
    document = page(
        plan("prod", "orders", account=account), plan("prod", "orders", account=account, identity=AMERICA)
    )
    shown = render(document, "html")
    for region in ("eu-west-1", "us-east-1"):
        assert f"<option>prod ({IDENTITY.account}, {region})</option>" in shown


def test_tables_without_an_rpo_are_not_said_to_meet_it() -> None:
    account = AccountTables({"orders"})
    alone = page(plan("a", "orders", account=account, rpo_seconds=None))
    assert "The table has a restore point, but no RPO" in render(alone, "html")
    both = page(plan("a", "orders", account=account, rpo_seconds=None), plan("b", "carts", account=account))
    shown = render(both, "html")
    assert "All 2 tables have a restore point within the RPO; 1 of them without an RPO" in shown
    assert "1 without an RPO</small>" in shown


def test_the_lines_of_the_plans_name_the_worst_first() -> None:
    document = simulated_plans(40)
    shown = render(document, "html")
    plans = shown.partition('id="plans"')[2].partition("</table>")[0]
    assert plans.index("plans/old.yaml") < plans.index("prod-eu")
    assert plans.count("<tr>") == 1 + 3
    assert document.totals.tables == 80


def test_a_hint_names_the_files_of_the_plan_of_its_table() -> None:
    """Plans of several regions often have one name."""

    def without_backups(name: str, identity: Identity) -> ObservedPlan:
        found = plan("prod", account=AccountTables({name}), identity=identity)
        entry = TableEntry(0, "vault", name=name, rpo_seconds=60)
        place = locate(DESTINATION, identity, table=name, plan="prod")
        table = ObservedTable(place, entry, TableStatus(name, "never", rpo_seconds=60))
        return replace(found, files=[f"{identity.region}.yaml"], tables=[table])

    shown = render(page(without_backups("orders", IDENTITY), without_backups("carts", AMERICA)), "html")
    command = "<code>ddbbackup backup --only carts -f us-east-1.yaml</code>, and likewise for the others"
    assert command in shown
    shown = render(page(without_backups("orders", IDENTITY), plan("prod", account=AccountTables(()))), "html")
    assert "<code>ddbbackup backup --only orders -f eu-west-1.yaml</code></p>" in shown


def test_the_cost_of_a_plan_says_what_is_missing_as_the_sum_does() -> None:
    """A price that is unknown is no part of it."""
    document = page(plan("a", "orders", account=AccountTables(())), plan("b", account=AccountTables(())))
    cost = replace(document.cost, usd_monthly=0.004, incomplete=True, unverified=True)
    (row,) = document.tables
    shown = render(replace(document, tables=(replace(row, cost=cost),)), "html")
    assert re.findall('data-l="per month">([^<]*)<', shown) == ["&lt;$0.01* + ?", "≈ $0.00"]


def test_each_plan_that_loses_more_than_half_is_named_once() -> None:
    """Files may describe one plan, and plans of several regions may have one name."""
    account = AccountTables(())
    here, there = (
        plan("prod", "orders", account=account),
        plan("prod", "o", account=account, identity=AMERICA),
    )
    document = page(here, there, plan("prod", account=account))
    outlook = RetentionOutlook("keep_last 1", 1, 2, 300, NOW, NOW, (), is_blocked=False)
    document = replace(document, tables=tuple(replace(row, retention=outlook) for row in document.tables))
    shown = render(document, "html")
    for region in ("eu-west-1", "us-east-1"):
        of = f"prod ({IDENTITY.account}, {region})"
        assert shown.count(f"more than half of all restore points of {of}: <code>prune</code> asks for") == 1
    assert "restore points: <code>prune" not in shown


def test_a_problem_of_a_plan_of_a_name_that_others_have_names_its_region() -> None:
    """Plans of several Regions have one name, and often the same tables."""
    names = AccountTables(["users"])
    here = plan("prod", "users", account=names)
    there = plan("prod", "users", account=names, identity=AMERICA)
    (users,) = there.tables
    status = TableStatus("users", "never", rpo_seconds=3600)
    there = replace(there, files=["us.yaml"], tables=[replace(users, status=status)])
    document = page(here, there)
    (line,) = (each for each in render(document, "text").splitlines() if "never backed up" in each)
    assert line == "never  users (us-east-1): never backed up"


def test_a_table_that_does_not_exist_any_more_is_a_problem_with_what_brings_it_back() -> None:
    one = plan("prod", "users", account=AccountTables([]))
    one = replace(one, tables=[replace(each, exists=False, gone=True) for each in one.tables])
    document = page(one)
    assert [each.kind for each in document.findings] == ["gone"]
    shown = render(document, "html")
    assert "Tables that do not exist any more" in shown
    assert "ddbbackup restore --match users --settings all</code>" in shown
    assert "\ngone  users: this table does not exist any more\n" in render(document, "text")
