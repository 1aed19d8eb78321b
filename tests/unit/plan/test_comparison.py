"""What changes between two plans, by what they mean for each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.plan.comparison import Change, Difference, compare_plans
from ddbbackup.plan.model import Plan, TableEntry
from ddbbackup.plan.selection import Inventory
from tests.support.plan_sides import plan_side

CHECKOUT = Path(__file__).parents[3]
GOOD = [
    *sorted((CHECKOUT / "configs").glob("*.yaml")),
    *sorted((CHECKOUT / "tests/plans/good").glob("*.yaml")),
]
INVENTORY = Inventory(("billing-refunds", "billing-tmp", "legacy-audit", "orders", "users"))
BASE: dict[str, Any] = {
    "version": 1,
    "name": "prod",
    "aws": {"region": "eu-west-1"},
    "destinations": {"vault": {"bucket": "acme-vault", "prefix": "ddb/{table}/"}},
    "defaults": {"rpo": "24h", "retention": {"keep_daily": 14, "keep_last": 3}},
    "tables": [{"name": "orders"}, {"name": "legacy-audit"}, {"name": "users"}],
}


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    return compare_plans(plan_side(before, INVENTORY, environ), plan_side(after, INVENTORY, environ)).changes


def with_first(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with more said about ``orders``."""
    return {**BASE, "tables": [{"name": "orders", **entry}, *BASE["tables"][1:]]}


def test_added_changed_and_removed_tables_are_told_apart_from_unchanged_ones() -> None:
    """By the tables that exist, whichever entry selects them."""
    tables = [
        {"match": "billing-*", "exclude": ["*-tmp"]},
        {"name": "orders", "rpo": "1h"},
        {"match": "use*"},
    ]
    found = compare_plans(plan_side(BASE, INVENTORY), plan_side({**BASE, "tables": tables}, INVENTORY))
    assert found.changes == (
        Change("table", "billing-refunds", "added"),
        Change("table", "legacy-audit", "removed", risks=("not-backed-up",)),
        Change("table", "orders", "changed", (Difference("rpo", "24h", "1h"),)),
    )
    assert (found.unchanged_tables, found.unchanged_restores) == (1, 0)


def test_a_plan_that_says_the_same_in_other_words_changes_nothing() -> None:
    """Defaults written out, other units, another order, and entries instead of `defaults`."""
    retention = {"keep_last": 3, "keep_daily": 14, "min_verified": 1}
    tables = [
        {"name": name, "rpo": "1d", "retention": retention, "method": "export", "pitr": "require"}
        for name in ("users", "orders", "legacy-audit")
    ]
    same = {key: value for key, value in BASE.items() if key != "defaults"} | {"tables": tables}
    assert changes(BASE, same) == ()


@pytest.mark.parametrize(
    ("entry", "expected", "risks"),
    [
        ({"rpo": "2d"}, [("rpo", "24h", "2d")], ()),
        ({"method": "scan"}, [("method", "export", "scan")], ("other-method",)),
        ({"method": "incremental"}, [("method", "export", "incremental")], ("other-method",)),
        ({"verify": "items"}, [("verify", "checksums", "items")], ()),
        (
            {"retention": {"keep_daily": 7, "keep_last": 3}},
            [("retention.keep_daily", "14", "7")],
            ("weaker-retention",),
        ),
        ({"retention": {"keep_daily": 20, "keep_last": 3}}, [("retention.keep_daily", "14", "20")], ()),
        (
            {"retention": {"keep_last": 30}},
            [("retention.keep_last", "3", "30"), ("retention.keep_daily", "14", None)],
            ("weaker-retention",),
        ),
        (
            {"retention": {"keep_daily": 14, "keep_last": 3, "keep_within": "36h"}},
            [("retention.keep_within", None, "36h")],
            (),
        ),
    ],
)
def test_the_keys_of_a_changed_table(
    entry: dict[str, Any], expected: list[tuple[str, str | None, str | None]], risks: tuple[str, ...]
) -> None:
    """With their values; what does not apply to the method is left out."""
    [change] = changes(BASE, with_first(entry))
    assert [(each.key, each.before, each.after) for each in change.differences] == expected
    assert change.risks == risks


def test_a_first_retention_policy_is_weaker_than_keeping_everything() -> None:
    """And to drop it is not."""
    without = {**BASE, "defaults": {"rpo": "24h"}}
    found = [each for each in changes(without, BASE) if each.name == "orders"]
    shown = Difference("retention", "keep all", "keep_last: 3, keep_daily: 14, min_verified: 1")
    assert [(each.differences, each.risks) for each in found] == [((shown,), ("weaker-retention",))]
    assert {each.risks for each in changes(BASE, without)} == {()}


def test_a_table_moves_if_its_records_move() -> None:
    """A renamed destination in the same place is no change of its tables, and neither is `{table}` at its end."""
    renamed = {**BASE, "destinations": {"safe": BASE["destinations"]["vault"]}}
    assert [(each.subject, each.name, each.kind) for each in changes(BASE, renamed)] == [
        ("destination", "vault", "removed"),
        ("destination", "safe", "added"),
    ]
    other = {**BASE, "destinations": {"vault": {"bucket": "acme-2", "prefix": "ddb/{table}/"}}}
    destination, *tables = changes(BASE, other)
    assert destination.differences == (Difference("bucket", "acme-vault", "acme-2"),)
    assert {each.risks for each in tables} == {("moved",)}
    assert tables[1].differences == (
        Difference("destination", "s3://acme-vault/ddb/orders/", "s3://acme-2/ddb/orders/"),
    )
    deeper = {**BASE, "destinations": {"vault": {"bucket": "acme-vault", "prefix": "ddb/{plan}/{table}/"}}}
    assert changes(BASE, deeper)[0].differences == (Difference("prefix", "ddb/TABLE/", "ddb/prod/TABLE/"),)
    assert {each.risks for each in changes(BASE, deeper) if each.subject == "table"} == {()}, (
        "the records stay where they are"
    )


def test_values_of_the_environment_are_shown_as_they_are_written() -> None:
    """They may be secrets. Only what differs in its value is a change."""
    environ = {"RPO": "1h", "BUCKET": "secret-bucket", "DAYS": "7", "SAME": "24h", "ID": "hush-hush-hush"}
    after = {
        **BASE,
        "aws": {
            "region": "eu-west-1",
            "assume_role": {"role_arn": "arn:aws:iam::123456789012:role/b", "external_id": "${ID}"},
        },
        "destinations": {"vault": {"bucket": "${BUCKET}", "prefix": "ddb/{table}/"}},
        "defaults": {"rpo": "${SAME}", "retention": {"keep_daily": "${DAYS}", "keep_last": 3}},
        "tables": [{"name": "orders", "rpo": "${RPO}"}, *BASE["tables"][1:]],
        "notifications": {"ops": {"webhook": {"url": "https://example.com/${ID}"}}},
    }
    found = changes(BASE, after, environ)
    text = repr(found)
    assert not any(value in text for value in ("secret-bucket", "hush"))
    orders = next(each for each in found if each.name == "orders")
    assert orders.differences == (
        Difference("destination", "s3://acme-vault/ddb/orders/", "s3://${BUCKET}/ddb/orders/"),
        Difference("rpo", "24h", "${RPO}"),
        Difference("retention.keep_daily", "14", "${DAYS}"),
    )
    users = next(each for each in found if each.name == "users")
    assert "rpo" not in {each.key for each in users.differences}


def test_restores_are_compared_by_their_keys() -> None:
    """Values of `only` are data, and a duration ago is the same although it is another instant."""
    restores = {
        "a": {"table": "orders", "from": "2h", "to": {"table": "orders-2"}},
        "b": {"table": "orders", "only": {"keys": [{"id": "c-1017"}]}, "to": {"table": "orders-3"}},
        "gone": {"table": "users", "to": {"table": "users-2"}},
        "same": {"table": "users", "from": "3h", "to": {"table": "users-3"}},
    }
    after = {
        "a": {"table": "orders", "from": "3h", "to": {"table": "orders-2", "create": "if-missing"}},
        "b": {"table": "orders", "only": {"keys": [{"id": "c-1018"}]}, "to": {"table": "orders-3"}},
        "new": {"table": "users", "to": {"table": "users-2"}},
        "same": {"table": "users", "from": "3h", "to": {"table": "users-3"}, "existing": "fail"},
    }
    found = compare_plans(
        plan_side({**BASE, "restores": restores}, INVENTORY),
        plan_side({**BASE, "restores": after}, INVENTORY),
    )
    assert found.changes == (
        Change(
            "restore",
            "a",
            "changed",
            (Difference("from", "2h", "3h"), Difference("to.create", None, "if-missing")),
        ),
        Change("restore", "b", "changed", (Difference("only", "(not shown)", "(not shown)"),)),
        Change("restore", "gone", "removed"),
        Change("restore", "new", "added"),
    )
    assert found.unchanged_restores == 1


def test_the_plan_as_a_whole() -> None:
    """Its name is a part of where the records are, so a new one starts again."""
    after = {**BASE, "name": "live", "aws": {"region": "eu-central-1"}, "export_time": "common"}
    [change] = changes(BASE, after)
    assert change == Change(
        "plan",
        "live",
        "changed",
        (
            Difference("name", "prod", "live"),
            Difference("aws.region", "eu-west-1", "eu-central-1"),
            Difference("export_time", "latest", "common"),
        ),
        ("other-plan",),
    )


def test_what_an_entry_expects_belongs_to_the_plan() -> None:
    before = {**BASE, "tables": [{"match": "billing-*", "expect": {"min": 2}}]}
    after = {**BASE, "tables": [{"match": "billing-*", "expect": {"min": 1, "max": 9}}]}
    [change] = changes(before, after)
    assert change.differences == (Difference("tables[0].expect", "min: 2", "min: 1, max: 9"),)


def test_every_key_is_compared() -> None:
    """A new key of an entry or of the plan is compared too, or it is listed here with those that select tables."""
    selecting = {"position", "name", "match", "exclude", "tags", "overlap"}
    compared = {"destination", "method", "pitr", "full_every_seconds", "view", "verify", "rpo_seconds"}
    compared |= {"read_units_per_second", "retention", "expect"}
    assert {each.name for each in fields(TableEntry)} == selecting | compared
    sections = {
        "name",
        "aws",
        "export_time",
        "metrics",
        "destinations",
        "tables",
        "restores",
        "notifications",
    }
    assert {each.name for each in fields(Plan)} - {"file"} == sections


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_no_plan_differs_from_itself(path: Path) -> None:
    environ = {"EXTERNAL_ID": "external", "BACKUP_ACCOUNT": "123456789012"}
    one, other = (plan_side(path.read_bytes(), INVENTORY, environ) for _ in range(2))
    assert compare_plans(one, other).changes == ()
