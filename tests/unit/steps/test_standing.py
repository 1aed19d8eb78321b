"""What an interruption says of each table."""

from __future__ import annotations

from ddbbackup.model.progress import Progress
from ddbbackup.steps.standing import Standing


def test_a_verb_that_does_not_tell_has_no_lines() -> None:
    """Its own text is printed then."""
    standing = Standing()
    standing.say("orders", "x", together="y")
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
    standing.say("orders", "{count} written to orders", together="items were written to {tables}")
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
    standing.say("users", "{count} written to users", together="items were written to {tables}")
    assert standing.lines()[1] == "5 items were written to users"
    count(Progress("users", "write", 1, 1))
    assert standing.lines()[1] == "1 of 1 item was written to users"


def test_many_tables_are_counted_and_not_all_named() -> None:
    """One alone in its state keeps its sentence, with its number."""
    standing = Standing()
    standing.begin(f"t{number}" for number in range(50))
    standing.counting(lambda _: None)(Progress("t3", "write", 7, None))
    standing.say("t3", "{count} written to t3", together="items were written to {tables}")
    for table in ("t5", "t8"):
        standing.say(table, f"{table} is restored", together="{tables} are restored")
    assert standing.lines() == (
        "nothing was written to 47 tables (t0, t1 and 45 more)",
        "7 items were written to t3",
        "2 tables (t5 and t8) are restored",
    )
