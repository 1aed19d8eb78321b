"""A restore into a new table that the plan selects, too."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ddbbackup.cli.option_words import OptionWords
from ddbbackup.plan.model import AwsSettings, Destination, Plan, TableEntry
from ddbbackup.plan.selection import Inventory, select
from ddbbackup.restore.selected_target import notes_on_selected_target

SOURCE, TARGET = "billing-sample", "billing-sample-restored"


def entry(position: int = 0, **members: object) -> TableEntry:
    return TableEntry(position=position, destination="vault", **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(("target", "glob"), [(TARGET, "*-restored"), ("billing-copy", "billing-copy")])
def test_the_note_says_how_to_leave_the_new_table_out(target: str, glob: str) -> None:
    """Otherwise the next `backup` fails: the copy has no point-in-time recovery."""
    selecting = entry(match="billing-*")
    (note,) = notes_on_selected_target([selecting], SOURCE, target)
    assert note.startswith(f"{target} is selected by an entry of the plan, match: billing-*, ")
    assert OptionWords({"match": "--match", "exclude": "--exclude"}, {}).text(note) == note
    (proposed,) = re.findall(r'exclude: \["(.*?)"\]', note)
    assert proposed == glob
    plan = Plan(
        "p",
        "p.yaml",
        AwsSettings(),
        {"vault": Destination("vault", "bucket")},
        (replace(selecting, exclude=(proposed,)),),
        {},
    )
    others = Inventory((target, "billing-other"))
    assert list(select(plan, others).chosen) == ["billing-other"]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry(name=SOURCE)],
        [entry(match="orders-*")],
        [entry(match="billing-*", exclude=("*-restored",))],
        [entry(match="billing-*"), entry(1, name=TARGET)],
        [entry(tags={"owner": "billing"})],
    ],
)
def test_a_table_that_no_pattern_selects_or_that_is_named_needs_no_note(entries: list[TableEntry]) -> None:
    assert list(notes_on_selected_target(entries, SOURCE, TARGET)) == []


def test_a_deleted_table_that_comes_back_needs_no_note() -> None:
    """The plan selected it before."""
    assert list(notes_on_selected_target([entry(match="billing-*")], SOURCE, SOURCE)) == []
