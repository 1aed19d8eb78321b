"""What rules, blockers and steps say of a restore that the command line describes: with options, not keys."""

from __future__ import annotations

import pytest

from ddbbackup.cli.grammar import parse
from ddbbackup.cli.option_words import option_words
from ddbbackup.errors import Refused
from ddbbackup.restore.blockers import target_exists, target_holds_items

ORDERS = "restore --table orders --to copy"


@pytest.mark.parametrize(
    ("typed", "text", "said"),
    [
        (ORDERS, "set `existing` to `keep`", "set `--existing` to `keep`"),
        (ORDERS, "use another name in `to.table`", "use another name in `--to`"),
        (ORDERS, "use `method: snapshot`", "use `--method snapshot`"),
        (
            ORDERS,
            "correct `aws.account` (for a target `to.account`)",
            "correct `aws.account` (for a target `--to-account`)",
        ),
        (ORDERS, "restore with `from: {s3_uri: …}`", "restore with `--from s3://…`"),
        (ORDERS, "set `from` to `latest`", "set `--from` to `latest`"),
        (ORDERS, "`write_units_per_second` and `indexes`", "`--write-units-per-second` and `--indexes`"),
        (ORDERS, "add orders to `tables`", "add orders to `tables`"),
        (f"{ORDERS} --where a=:a", "the restore has `only`", "the restore has `--where`"),
        (f"{ORDERS} --drop id --set a=1", "remove id from `change`", "remove id from `--drop` or `--set`"),
        (f"{ORDERS} --workers 2", "the restore has `limits`", "the restore has `--workers`"),
        ("restore back --existing keep", "`existing: keep` in `to.table`", "`--existing keep` in `to.table`"),
        ("restore back", "set `existing` to `keep`", "set `existing` to `keep`"),
        ("preview backup orders", "correct `table` and `tags`", "correct `table` and `tags`"),
        ("find orders --key id=1", "a key of `only` is not one", "a key of `--key` is not one"),
        ("find orders --key id=1", "use `method: snapshot`", "use `method: snapshot`"),
        ("backup orders", "`tags` of the table", "`tags` of the table"),
    ],
)
def test_keys_are_named_by_the_options_that_say_them(typed: str, text: str, said: str) -> None:
    """Of a restore in the plan only those that were typed: the others are in its file."""
    assert option_words(parse(typed.split())).text(text) == said


def test_the_most_frequent_refusals_can_be_acted_on() -> None:
    """The error itself stays the same: its type is its exit code."""
    words = option_words(parse(ORDERS.split()))
    error = target_holds_items("copy").error
    words.say(error)
    assert isinstance(error, Refused)
    assert error.message == "the target copy already holds items, but the restore has `--existing fail`"
    assert error.hint == "restore to another table, or set `--existing` to `keep`, `overwrite` or `mirror`"
    error = target_exists("copy").error
    words.say(error)
    assert "`--create new`" in error.message
    assert "`--to`" in error.hint


def test_documents_are_changed_as_a_whole() -> None:
    """Reasons in the facts of a preview, too."""
    words = option_words(parse(ORDERS.split()))
    facts = {"candidates": [{"method": "write", "reason": "the restore has `existing: mirror`"}], "items": 3}
    assert words.document(facts) == {
        "candidates": [{"method": "write", "reason": "the restore has `--existing mirror`"}],
        "items": 3,
    }
    assert words.document(("`method: write`",)) == ("`--method write`",)
