"""The steps of a restore of many tables: no two of them may work on one table."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.errors import Refused
from ddbbackup.plan.model import Restore, Target
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.restore.planning import restore_step

NAMES = st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True)
PARTS = st.lists(st.sampled_from(["{table}", "{date}", "{run}", "-", "a", "-copy", "."]), max_size=5)


@given(NAMES, NAMES, PARTS, PARTS, st.from_regex(r"[A-Za-z0-9_.-]{1,10}", fullmatch=True))
def test_two_tables_never_have_the_same_target(
    one: str, other: str, before: list[str], after: list[str], run: str
) -> None:
    """`validate` requires {table} in the template of a restore of many; then names that differ stay different."""
    template = "".join([*before, "{table}", *after])
    assert (target(one, template, run) == target(other, template, run)) == (one == other)


def target(table: str, template: str, run: str) -> str:
    restore = Restore(table, table, FromLatest(), Target(table=template))
    try:
        return restore_step(
            restore, run=run, today=datetime(2026, 11, 24, tzinfo=UTC), confirmed=False
        ).target
    except Refused:
        return f"{table} has no valid target"
