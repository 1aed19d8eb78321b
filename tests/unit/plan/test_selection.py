"""Which tables the entries of a plan select."""

from __future__ import annotations

import pytest

from ddbbackup.errors import NothingSelected, Refused
from ddbbackup.plan.model import AwsSettings, Destination, Expect, Plan, TableEntry
from ddbbackup.plan.selection import Inventory, entries_for, select

NAMES = ("billing-archive", "billing-live", "billing-tmp", "orders", "users")


def plan(*entries: TableEntry) -> Plan:
    vault = Destination("vault", "bucket")
    return Plan("p", "p.yaml", AwsSettings(), {"vault": vault}, entries, {})


def entry(position: int = 0, **members: object) -> TableEntry:
    return TableEntry(position=position, destination="vault", **members)  # type: ignore[arg-type]


def test_a_named_table_is_selected_without_an_inventory() -> None:
    """Whether or not it exists: the step that backs it up reports a missing table."""
    assert list(select(plan(entry(name="orders")), Inventory()).chosen) == ["orders"]


def test_a_glob_selects_what_it_does_not_exclude() -> None:
    """`exclude` takes precedence over `match`."""
    chosen = select(plan(entry(match="billing-*", exclude=("*-tmp",))), Inventory(NAMES)).chosen
    assert list(chosen) == ["billing-archive", "billing-live"]


def test_globs_are_case_sensitive() -> None:
    """As table names are."""
    assert select(plan(entry(match="b*"), entry(1, name="x")), Inventory(("BAD", "bid"))).chosen.keys() == {
        "bid",
        "x",
    }


def test_a_table_must_have_all_tags() -> None:
    """Each with the value that the entry names."""
    tags = {"orders": {"backup": "daily", "env": "prod"}, "users": {"backup": "daily", "env": "dev"}}
    chosen = select(plan(entry(tags={"backup": "daily", "env": "prod"})), Inventory(NAMES, tags)).chosen
    assert list(chosen) == ["orders"]


def test_a_name_takes_precedence_over_a_glob() -> None:
    """Wherever in the plan the two entries are."""
    own = entry(1, name="billing-live", pitr="enable")
    selection = select(plan(entry(match="billing-*"), own), Inventory(NAMES))
    assert selection.chosen["billing-live"] is own
    assert selection.failures == ()


def test_two_selectors_for_one_table_are_an_error() -> None:
    """The settings of either could be meant."""
    selection = select(plan(entry(match="billing-*"), entry(1, match="*-live")), Inventory(NAMES))
    [(failed, error)] = selection.failures
    assert failed.position == 1
    assert error.message == (
        "`match: billing-*` (tables[0]) and `match: *-live` (tables[1]) both select billing-live"
    )


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
def test_an_unexpected_number_of_tables_is_an_error(
    expect: Expect | None, kind: type[Exception] | None
) -> None:
    """The tables that the entry does select are still backed up."""
    selection = select(plan(entry(match="billing-*", expect=expect)), Inventory(NAMES))
    assert [type(error) for _, error in selection.failures] == ([kind] if kind else [])
    assert len(selection.chosen) == 3


def test_a_selector_without_a_match_is_an_error() -> None:
    """Without any `expect`; the other entries are still backed up."""
    selection = select(plan(entry(name="orders"), entry(1, match="nope-*")), Inventory(NAMES))
    assert list(selection.chosen) == ["orders"]
    assert [type(error) for _, error in selection.failures] == [NothingSelected]


def test_only_restricts_the_selection() -> None:
    """`--only` is a glob over the selected names."""
    assert list(select(plan(entry(match="*")), Inventory(NAMES), only=("billing-l*",)).chosen) == [
        "billing-live"
    ]


def test_only_leaves_expectations_alone_and_conflicts_not() -> None:
    """What is not selected is not counted, but a table of two entries is still nobody's."""
    expecting = plan(entry(match="billing-*", expect=Expect(min=5)))
    selection = select(expecting, Inventory(NAMES), only=("billing-l*",))
    assert list(selection.chosen) == ["billing-live"]
    assert selection.failures == ()
    both = plan(entry(match="billing-*"), entry(1, match="*-live"))
    assert [type(error) for _, error in select(both, Inventory(NAMES), only=("billing-l*",)).failures] == [
        Refused
    ]


def test_only_without_a_match_is_an_error() -> None:
    """A misspelled `--only` must not look like success."""
    with pytest.raises(NothingSelected, match="'biling-\\*'") as raised:
        select(plan(entry(match="*")), Inventory(NAMES), only=("biling-*",))
    assert raised.value.hint == "run `ddbbackup status` to see the tables of the plan"


@pytest.mark.parametrize("only", [(), ("orders",)])
def test_a_plan_with_only_restores_has_nothing_to_back_up(only: tuple[str, ...]) -> None:
    """The hint is about the plan, not about `--only`."""
    with pytest.raises(NothingSelected, match="the plan p backs up no tables") as raised:
        select(plan(), Inventory(), only=only)
    assert raised.value.hint == "add the tables to back up under `tables`"


def test_only_may_name_several_tables() -> None:
    """Each pattern selects some."""
    selection = select(plan(entry(match="*")), Inventory(NAMES), only=("orders", "billing-l*"))
    assert set(selection.chosen) == {"orders", "billing-live"}


def test_one_pattern_of_several_without_a_match_is_an_error() -> None:
    """The others do not hide it."""
    with pytest.raises(NothingSelected, match="no table of the plan p matches 'user'") as raised:
        select(plan(entry(match="*")), Inventory(NAMES), only=("orders", "user"))
    assert raised.value.hint == "use `users` instead"


def test_a_table_that_no_entry_selects_is_not_its_own_suggestion() -> None:
    """It exists, but not for this plan."""
    with pytest.raises(NothingSelected, match="'orders'") as raised:
        select(plan(entry(tags={"a": "b"})), Inventory(NAMES, {}), only=("orders",))
    assert raised.value.hint == "run `ddbbackup status` to see the tables of the plan"


def test_two_selectors_for_many_tables_are_one_error() -> None:
    """For each pair of entries, however many tables both select; the first entry backs them up."""
    names = tuple(f"t-{number}" for number in range(9))
    entries = (entry(match="t-*"), entry(1, match="*"), entry(2, match="*-8"))
    selection = select(plan(*entries), Inventory(names))
    assert [failed.position for failed, _ in selection.failures] == [1, 2]
    assert selection.failures[0][1].message == (
        "`match: t-*` (tables[0]) and `match: *` (tables[1]) both select 9 tables: t-0, t-1, t-2, t-3, t-4, …"
    )
    assert {each.position for each in selection.chosen.values()} == {0}


def test_the_first_entry_has_the_tables_if_it_says_so() -> None:
    """Of the entries after it; those still conflict with each other."""
    first, second, third = (
        entry(match="billing-*", overlap="first"),
        entry(1, match="*"),
        entry(2, match="o*"),
    )
    selection = select(plan(first, second, third), Inventory(NAMES))
    assert [name for name, each in selection.chosen.items() if each is first] == [
        "billing-archive",
        "billing-live",
        "billing-tmp",
    ]
    assert [(failed.position, error.message) for failed, error in selection.failures] == [
        (2, "`match: *` (tables[1]) and `match: o*` (tables[2]) both select orders")
    ]
    assert entries_for(plan(first, second), "billing-live", {}) == (first,)
    assert entries_for(plan(second, third), "orders", {}) == (second, third)
