"""Which conditions of ``notifications.*.when`` a run meets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.model import Notification, When

_SUCCESS: Final = frozenset((0, 2))  # 2: changes pending, which is what `--detailed-exitcode` asks for
_PARTIAL: Final = 3
_STALE: Final = 4
_RUNNING: Final = 75


def conditions(
    exit_code: int, before: Iterable[TableStatus], after: Iterable[TableStatus]
) -> frozenset[When]:
    """``before`` and ``after`` are the statuses of the plan's tables around the run, empty if not known.

    ``recovered`` requires that the run succeeded, that no table breaks its RPO or failed its last backup, and that
    one of the tables did before the run. A table whose first backup succeeded is new, not recovered.
    """
    met: set[When] = {"always"}
    tables = list(after)
    if exit_code == _PARTIAL:
        met.add("partial")
    elif exit_code not in _SUCCESS | {_STALE, _RUNNING}:
        met.add("failed")
    if exit_code == _STALE or any(table.breaks_rpo for table in tables):
        met.add("stale")
    bad_before = {table.table for table in before if table.state == "stale" or table.last_failure is not None}
    bad_after = any(table.breaks_rpo or table.last_failure is not None for table in tables)
    if exit_code in _SUCCESS and not bad_after and bad_before & {table.table for table in tables}:
        met.add("recovered")
    return frozenset(met)


def is_due(notification: Notification, verb: str, met: frozenset[When]) -> bool:
    return verb in notification.verbs and bool(met & set(notification.when))
