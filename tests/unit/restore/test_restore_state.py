"""What a killed restore leaves, and when it is taken up."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ddbbackup.restore.state import RestoreState, mark, resumable

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)


def left_by(tmp_path: Path, *, existing: str, stage: str = "writing", at: datetime = NOW) -> RestoreState:
    state = RestoreState(tmp_path, target_arn="arn:t", backup_root="bucket/root")
    mark(
        state,
        None,
        stage=stage,
        now=at,
        run="r1",
        existing=existing,
        target_arn="arn:t",
        backup="b",
        table_id="id-1",
    )
    return state


def test_the_state_is_private(tmp_path: Path) -> None:
    """Only its owner may read what is restored from where."""
    state = left_by(tmp_path, existing="fail")
    [file] = state.directory.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("left", "wanted", "expected"),
    [
        ({"existing": "fail"}, {}, True),
        ({"existing": "fail", "at": NOW - timedelta(days=9)}, {"run": "r2"}, True),
        ({"existing": "fail", "stage": "creating"}, {}, False),
        ({"existing": "fail", "stage": "done"}, {}, False),
        ({"existing": "fail", "stage": "loaded"}, {}, True),
        ({"existing": "fail"}, {"table_id": "id-2"}, False),
        ({"existing": "fail"}, {"method": "bulk-put"}, False),
        ({"existing": "overwrite"}, {"existing": "fail"}, False),
        ({"existing": "overwrite"}, {"existing": "overwrite", "run": "r2"}, True),
        (
            {"existing": "overwrite", "at": NOW - timedelta(days=9)},
            {"existing": "overwrite", "run": "r2"},
            False,
        ),
        ({"existing": "overwrite", "at": NOW - timedelta(days=9)}, {"existing": "overwrite"}, True),
    ],
)
def test_only_a_part_of_the_same_restore_is_taken_up(
    tmp_path: Path, left: dict[str, object], wanted: dict[str, str], expected: bool
) -> None:
    """The same incarnation of the table, the same method and `existing`, and for overwriting the same run or day."""
    state = left_by(tmp_path, **left)  # type: ignore[arg-type]
    ask = {"run": "r1", "existing": "fail", "method": "write", "table_id": "id-1", **wanted}
    assert resumable(state.read(), now=NOW, **ask) is expected


def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    """A torn or foreign file must not stop a restore at 3 a.m."""
    state = left_by(tmp_path, existing="fail")
    (state.directory / "restore.json").write_text('{"run": "r1"')
    assert state.read() is None


def test_forgetting_takes_everything_away(tmp_path: Path) -> None:
    """A restore that begins anew has no ledger of the one before."""
    state = left_by(tmp_path, existing="fail")
    (state.directory / "ledger.jsonl").write_text("")
    state.forget()
    assert not state.directory.exists()
