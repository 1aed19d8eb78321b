"""What there is to tell after a run: pure."""

from __future__ import annotations

from collections.abc import Iterable

from ddbbackup.plan.model import Notification, When
from ddbbackup.status.table_status import TableStatus

_GOOD = frozenset((0, 2))  # 2: changes pending, which somebody asked to be told
_PARTIAL, _STALE, _RUNNING = 3, 4, 75


def conditions(
    exit_code: int, before: Iterable[TableStatus], after: Iterable[TableStatus]
) -> frozenset[When]:
    """``before`` and ``after`` are how the plan's tables stood; both empty where nobody looked.

    Recovered is said once all is well: the run was good, no table breaks its RPO and none's newest try failed,
    and before the run that was not so. A table that had never been tried before has not recovered, it is new.
    """
    told: set[When] = {"always"}
    now = list(after)
    if exit_code == _PARTIAL:
        told.add("partial")
    elif exit_code not in _GOOD | {_STALE, _RUNNING}:
        told.add("failed")
    if exit_code == _STALE or any(standing.breaks_rpo for standing in now):
        told.add("stale")
    was_bad = {s.table for s in before if s.state == "stale" or s.last_failure is not None}
    well = exit_code in _GOOD and not any(s.breaks_rpo or s.last_failure is not None for s in now)
    if well and was_bad & {standing.table for standing in now}:
        told.add("recovered")
    return frozenset(told)


def is_due(notification: Notification, verb: str, told: frozenset[When]) -> bool:
    return verb in notification.verbs and bool(told & set(notification.when))
