"""What an interruption says of each table."""

from __future__ import annotations

from ddbbackup.model.progress import Progress
from ddbbackup.steps.standing import Standing


def test_a_verb_that_does_not_tell_has_no_lines() -> None:
    """Its own text is printed then."""
    standing = Standing()
    standing.say("orders", "x")
    assert standing.lines() == ()


def test_each_table_has_one_sentence_with_what_was_counted_last() -> None:
    """Nothing was written before the first step begins, and to tables that did not begin."""
    standing = Standing()
    seen: list[Progress] = []

    def see(progress: Progress) -> None:
        seen.append(progress)

    standing.begin()
    assert standing.lines() == ("nothing was written",)
    standing.begin(["orders", "users"])
    standing.say("orders", "{count} were written to orders")
    assert standing.lines() == ("no items were written to orders", "nothing was written to users")
    count = standing.counting(see)
    for progress in (
        Progress("orders", "write", 1200, 3000),
        Progress("orders", "index", 1, 2, "indexes"),
        Progress("users", "write", 5, None),
    ):
        count(progress)
    assert len(seen) == 3
    assert standing.lines()[0] == "1 200 of 3 000 items were written to orders"
    standing.say("users", "{count} were written to users")
    assert standing.lines()[1] == "5 items were written to users"
