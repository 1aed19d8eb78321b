"""The steps of a run, planned without effects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ddbbackup.backup.planning import common_instant
from ddbbackup.errors import Refused
from ddbbackup.plan.model import Restore, Target
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.ports import PitrWindow
from ddbbackup.restore.planning import restore_step

DAY = datetime(2026, 11, 23, 14, 0, 0, 999_000, tzinfo=UTC)
RESTORE = Restore("back", "orders", FromLatest(), Target(table="{table}-{date}-{run}"))


def test_the_target_name_is_rendered() -> None:
    """{table}, {date} and {run} are replaced."""
    step = restore_step(RESTORE, run="r1", today=DAY, confirmed=False)
    assert step.target == "orders-20261123-r1"


@pytest.mark.parametrize("run", ["x" * 250, "pipeline/12", "a b"])
def test_a_target_name_that_dynamodb_does_not_accept_is_an_error_of_the_plan(run: str) -> None:
    """A run ID can be longer than a table name, and can have other characters."""
    with pytest.raises(Refused, match="3 to 255"):
        restore_step(RESTORE, run=run, today=DAY, confirmed=False)


def test_the_common_instant_is_the_earliest_end_of_all_recovery_windows() -> None:
    """In whole seconds, as DynamoDB accepts them."""
    early, late = DAY.replace(hour=9), DAY
    windows = {
        "a": PitrWindow(True, early, late),
        "b": PitrWindow(True, early, late.replace(minute=3)),
        "off": PitrWindow(False),
    }
    assert common_instant(windows) == late.replace(microsecond=0)
    assert common_instant({"off": PitrWindow(False)}) is None


def test_a_recovery_window_that_has_fallen_behind_drags_no_other_table_back() -> None:
    """Its own step says that the table cannot be exported at the common time."""
    early, late = DAY.replace(hour=1), DAY.replace(hour=12, minute=30)
    windows = {
        "a": PitrWindow(True, early, late),
        "b": PitrWindow(True, early, late.replace(minute=20)),
        "stale": PitrWindow(True, early, late.replace(hour=7)),
    }
    assert common_instant(windows) == late.replace(minute=20, second=0, microsecond=0)
