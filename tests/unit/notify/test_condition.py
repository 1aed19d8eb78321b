"""The conditions of a run."""

from __future__ import annotations

import pytest

from ddbbackup.model.table_status import TableStatus
from ddbbackup.notify import conditions

FRESH = TableStatus("orders", "ok", rpo_seconds=60)
STALE = TableStatus("orders", "stale", rpo_seconds=60)
NEVER = TableStatus("orders", "never", rpo_seconds=60)
NEVER_WITHOUT_RPO = TableStatus("orders", "never")
NEVER_GOOD = TableStatus("orders", "never", rpo_seconds=60, last_failure="PITR is off")
TRIED = TableStatus("orders", "ok", rpo_seconds=60, last_failure="PITR is off")
OTHER_STALE = TableStatus("users", "stale", rpo_seconds=60)


@pytest.mark.parametrize(
    ("exit_code", "before", "after", "met"),
    [
        (0, [FRESH], [FRESH], ""),
        (1, [FRESH], [TRIED], "failed"),
        (3, [FRESH], [FRESH], "partial"),
        (3, [FRESH], [FRESH, OTHER_STALE], "partial stale"),
        (65, [FRESH], [FRESH], "failed"),
        (77, [], [], "failed"),
        (130, [FRESH], [], "failed"),
        (5, [], [], "failed"),
        (75, [FRESH], [FRESH], ""),
        (75, [STALE], [STALE], "stale"),
        (4, [], [STALE], "stale"),
        (4, [], [], "stale"),
        (2, [], [], ""),
        (0, [STALE], [FRESH], "recovered"),
        (0, [NEVER], [FRESH], ""),
        (0, [NEVER_GOOD], [FRESH], "recovered"),
        (0, [TRIED], [FRESH], "recovered"),
        (0, [NEVER_WITHOUT_RPO], [FRESH], ""),
        (0, [STALE, OTHER_STALE], [FRESH, OTHER_STALE], "stale"),
        (0, [STALE], [TRIED], ""),
        (3, [STALE], [FRESH], "partial"),
        (0, [OTHER_STALE], [FRESH], ""),
        (0, [STALE], [], ""),
    ],
)
def test_conditions_follow_from_the_exit_code_and_the_status_of_tables(
    exit_code: int, before: list[TableStatus], after: list[TableStatus], met: str
) -> None:
    """`recovered` requires that every table is known to be good."""
    assert conditions(exit_code, before, after) == {"always", *met.split()}
