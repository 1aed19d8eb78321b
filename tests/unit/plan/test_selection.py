"""Which tables an entry chooses."""

from __future__ import annotations

import pytest

from ddbbackup.errors import NothingSelected, Refused
from ddbbackup.plan.model import AwsSettings, Destination, Expect, Plan, TableEntry
from ddbbackup.plan.selection import Inventory, select

NAMES = ("billing-archive", "billing-live", "billing-tmp", "orders", "users")


def plan(*entries: TableEntry) -> Plan:
    vault = Destination("vault", "bucket")
    return Plan("p", "p.yaml", AwsSettings(), {"vault": vault}, entries, {})


def entry(position: int = 0, **members: object) -> TableEntry:
    return TableEntry(position=position, destination="vault", **members)  # type: ignore[arg-type]


def test_a_name_is_chosen_without_asking_aws() -> None:
    """A named table is chosen whether or not the inventory lists it: its own step says if it is gone."""
    assert list(select(plan(entry(name="orders")), Inventory()).chosen) == ["orders"]


def test_a_glob_leaves_out_what_it_excludes() -> None:
    """`match` chooses by glob, `exclude` takes away."""
    chosen = select(plan(entry(match="billing-*", exclude=("*-tmp",))), Inventory(NAMES)).chosen
    assert list(chosen) == ["billing-archive", "billing-live"]


def test_globs_mind_case() -> None:
    """Table names differ by case, so globs do too."""
    assert select(plan(entry(match="b*"), entry(1, name="x")), Inventory(("BAD", "bid"))).chosen.keys() == {
        "bid",
        "x",
    }


def test_tags_must_all_match() -> None:
    """A table is chosen by tags only if it has every one of them with that value."""
    tags = {"orders": {"backup": "daily", "env": "prod"}, "users": {"backup": "daily", "env": "dev"}}
    chosen = select(plan(entry(tags={"backup": "daily", "env": "prod"})), Inventory(NAMES, tags)).chosen
    assert list(chosen) == ["orders"]


def test_a_name_beats_a_glob() -> None:
    """A table with an entry of its own belongs to it, wherever in the plan a glob chooses it too."""
    own = entry(1, name="billing-live", pitr="enable")
    selection = select(plan(entry(match="billing-*"), own), Inventory(NAMES))
    assert selection.chosen["billing-live"] is own
    assert selection.failures == ()


def test_two_selectors_for_one_table_fail_and_say_so() -> None:
    """Nobody can know which of two selectors' settings are meant."""
    selection = select(plan(entry(match="billing-*"), entry(1, match="*-live")), Inventory(NAMES))
    [(failed, error)] = selection.failures
    assert failed.position == 1
    assert "both choose billing-live" in error.message


@pytest.mark.parametrize(
    ("expect", "kind"),
    [
        (None, None),
        (Expect(min=3), None),
        (Expect(min=4), Refused),
        (Expect(max=2), Refused),
        (Expect(3, 3), None),
    ],
)
def test_expect_is_held(expect: Expect | None, kind: type[Exception] | None) -> None:
    """A selector that matches too little or too much is a failure, and what it matched is still chosen."""
    selection = select(plan(entry(match="billing-*", expect=expect)), Inventory(NAMES))
    assert [type(error) for _, error in selection.failures] == ([kind] if kind else [])
    assert len(selection.chosen) == 3


def test_zero_matches_fail_whatever_is_expected() -> None:
    """A selector that matches nothing is a mistake, not an empty backup; the others go on."""
    selection = select(plan(entry(name="orders"), entry(1, match="nope-*")), Inventory(NAMES))
    assert list(selection.chosen) == ["orders"]
    assert [type(error) for _, error in selection.failures] == [NothingSelected]


def test_only_narrows() -> None:
    """`--only` is a glob over what the plan chooses."""
    assert list(select(plan(entry(match="*")), Inventory(NAMES), only="billing-l*").chosen) == [
        "billing-live"
    ]


def test_only_that_matches_nothing_is_refused() -> None:
    """A mistyped `--only` must not look like success."""
    with pytest.raises(NothingSelected, match="'biling-\\*'"):
        select(plan(entry(match="*")), Inventory(NAMES), only="biling-*")
