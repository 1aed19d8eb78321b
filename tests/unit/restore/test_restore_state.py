"""The state of an interrupted restore, and when it is continued."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbbackup.errors import StepFailed
from ddbbackup.restore.state import RestoreState, Stage, mark, resumable

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)


def left_by(tmp_path: Path, *, existing: str, stage: Stage = "writing", at: datetime = NOW) -> RestoreState:
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
    """Only its owner can read it."""
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
def test_only_the_same_restore_is_continued(
    tmp_path: Path, left: dict[str, object], wanted: dict[str, str], expected: bool
) -> None:
    """Table, method and `existing` are the same; a restore that overwrites is of the same run or day."""
    state = left_by(tmp_path, **left)  # type: ignore[arg-type]
    ask = {"run": "r1", "existing": "fail", "method": "write", "table_id": "id-1", **wanted}
    assert resumable(state.read(), now=NOW, **ask) is expected


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Times in UTC, and the facts of the outcome."""
    state = left_by(tmp_path, existing="fail")
    written = mark(state, state.read(), stage="loaded", now=NOW, loaded={"items": 3, "notes": ["a"]})
    assert state.read() == written
    assert (written.updated_at, written.run) == (NOW, "r1")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("stage", "finished"),
        ("stage", None),
        ("updated_at", "yesterday"),
        ("updated_at", "2026-11-23T14:00:00"),
        ("updated_at", "0001-01-01T00:00:00+14:00"),
        ("updated_at", "9999-12-31T23:59:59-10:00"),
        ("attempt", "1"),
        ("attempt", 10**400),
        ("loaded", ["items"]),
        ("table_id", 7),
    ],
    ids=str,
)
def test_a_damaged_state_counts_as_none(tmp_path: Path, member: str, value: object) -> None:
    """The restore starts again, and refuses what is not safe to repeat."""
    state = left_by(tmp_path, existing="fail")
    file = state.directory / "restore.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {member: value}))
    assert state.read() is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=40)
    | st.just(b"[" * 100_000)
    | st.just(b'{"run": "r1"')
    | st.just(b'{"run": "\\ud800"}')
)
def test_arbitrary_bytes_count_as_no_state(tmp_path: Path, body: bytes) -> None:
    """A file that was cut off, or that another program wrote."""
    state = left_by(tmp_path, existing="fail")
    (state.directory / "restore.json").write_bytes(body)
    assert state.read() is None


def test_a_directory_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Not a bug of ddbbackup."""
    (tmp_path / "restores").write_text("not a directory")
    with pytest.raises(StepFailed, match="could not write the state") as failed:
        left_by(tmp_path, existing="fail")
    assert "DDBBACKUP_STATE_DIR" in failed.value.hint


def test_forgetting_deletes_everything(tmp_path: Path) -> None:
    """A new restore has no ledger of an earlier one."""
    state = left_by(tmp_path, existing="fail")
    (state.directory / "ledger.jsonl").write_text("")
    state.forget()
    assert not state.directory.exists()
