"""The state of an interrupted restore, and when it is continued."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbbackup.errors import Refused, StepFailed
from ddbbackup.plan.model import Restore, Target
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.progress import save_progress, save_remote_job, start_progress
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.restore_progress import RestoreProgress, Stage
from ddbbackup.restore.shared_state import SharedState
from ddbbackup.restore.state import RestoreState, resumable
from ddbbackup.steps.threads import ThreadPools
from tests.support.contexts import run_context
from tests.support.virtual_time import VirtualClock

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)


def saved_state(
    tmp_path: Path, *, existing: str, stage: Stage = "writing", at: datetime = NOW
) -> RestoreState:
    """The state that run ``r1`` left."""
    state = RestoreState(tmp_path, target_arn="arn:t", shared=None)
    state.write(
        RestoreProgress(
            run="r1",
            restore_id="0badcafe",
            source="bucket/root",
            existing=existing,
            stage=stage,
            updated_at=at,
            target_arn="arn:t",
            backup="b",
            table_id="id-1",
        )
    )
    return state


def restore_job(tmp_path: Path) -> RestoreJob:
    restore = Restore("back", "orders", FromLatest(), Target())
    resolved = cast(
        "ResolvedRestore", SimpleNamespace(target_arn="arn:t", label="b", source_key="bucket/root")
    )
    state = RestoreState(tmp_path, target_arn="arn:t", shared=None)
    return RestoreJob(run_context(VirtualClock()), restore, "orders", resolved, state)


def test_the_state_is_private(tmp_path: Path) -> None:
    """Only its owner can read it."""
    state = saved_state(tmp_path, existing="fail")
    file = state.directory / "restore.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("existing", ["fail", "overwrite", "keep"])
@pytest.mark.parametrize(
    ("saved", "restore", "expected"),
    [
        ({}, {}, True),
        ({"stage": "loaded"}, {}, True),
        ({"stage": "creating"}, {}, False),
        ({"stage": "done"}, {}, False),
        ({"at": NOW - timedelta(hours=23)}, {}, True),
        ({"at": NOW - timedelta(hours=25)}, {}, False),
        ({"at": NOW + timedelta(days=30)}, {}, False),
        ({}, {"table_id": "id-2"}, False),
        ({}, {"method": "bulk-put"}, False),
        ({}, {"existing": "another"}, False),
        ({}, {"source": "bucket/another"}, False),
    ],
)
def test_only_the_same_restore_of_the_last_day_is_continued(
    tmp_path: Path, existing: str, saved: dict[str, object], restore: dict[str, str], expected: bool
) -> None:
    """Same source, table, method and `existing`. Later, others may have changed the items."""
    earlier = saved_state(tmp_path, existing=existing, **saved).read()  # type: ignore[arg-type]
    assert earlier is not None
    current = {
        "source": "bucket/root",
        "existing": existing,
        "method": "write",
        "table_id": "id-1",
        **restore,
    }
    assert resumable(earlier, now=NOW, **current) is expected


def test_one_run_at_a_time_works_on_a_target(tmp_path: Path) -> None:
    """Whatever it restores; a lock that was released, or whose run has ended, is free."""
    first = RestoreState(tmp_path, target_arn="arn:t", shared=None)
    second = RestoreState(tmp_path, target_arn="arn:t", shared=None)
    first.acquire()
    with pytest.raises(Refused, match="another run on this machine"):
        second.acquire()
    RestoreState(tmp_path, target_arn="arn:other", shared=None).acquire()
    first.release()
    second.acquire()


@pytest.mark.parametrize("broken", ["file", "read-only"])
def test_a_state_directory_that_cannot_be_used_is_refused_before_anything_is_changed(
    tmp_path: Path, broken: str
) -> None:
    """With the variable to set."""
    place = tmp_path / "state"
    if broken == "file":
        place.write_text("")
    else:
        place = Path("/proc/ddbbackup")
    with pytest.raises(Refused, match="nothing has been changed") as refused:
        RestoreState(place, target_arn="arn:t", shared=None).acquire()
    assert "DDBBACKUP_STATE_DIR" in refused.value.hint


def test_every_directory_that_is_made_is_private(tmp_path: Path) -> None:
    """Parents too."""
    state = RestoreState(tmp_path / "a" / "b", target_arn="arn:t", shared=None)
    state.acquire()
    for path in (tmp_path / "a", tmp_path / "a" / "b", state.directory.parent, state.directory):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_the_state_of_another_target_is_none_of_this_one(tmp_path: Path) -> None:
    """A file that was copied there proves nothing."""
    state = saved_state(tmp_path, existing="fail")
    other = RestoreState(tmp_path, target_arn="arn:other", shared=None)
    other.directory.mkdir(parents=True)
    (other.directory / "restore.json").write_bytes((state.directory / "restore.json").read_bytes())
    assert other.read() is None


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Times in UTC, and the facts of the outcome."""
    job = restore_job(tmp_path)
    written = asyncio.run(save_progress(job, "loaded", method="write", loaded={"items": 3, "notes": ["a"]}))
    assert job.state.read() == written
    assert (written.updated_at, written.run) == (job.context.clock.now(), "run-1")


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
    state = saved_state(tmp_path, existing="fail")
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
    state = saved_state(tmp_path, existing="fail")
    (state.directory / "restore.json").write_bytes(body)
    assert state.read() is None


def test_a_directory_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Not a bug of ddbbackup."""
    (tmp_path / "restores").write_text("not a directory")
    with pytest.raises(StepFailed, match="could not write the state") as failed:
        saved_state(tmp_path, existing="fail")
    assert "DDBBACKUP_STATE_DIR" in failed.value.hint


def test_the_event_loop_goes_on_while_progress_is_saved(tmp_path: Path) -> None:
    """A slow vault must not stop the renewal of the lock, nor the other steps of the run."""
    loop_went_on = threading.Event()
    waited: list[bool] = []

    class SlowVault:
        unavailable = None

        def progress(self) -> None: ...

        def save(self, progress: RestoreProgress) -> None:
            waited.append(loop_went_on.wait(10))

    async def save() -> None:
        saving = asyncio.create_task(save_progress(job, "writing", method="write"))
        await asyncio.sleep(0)
        loop_went_on.set()
        await saving

    threads = ThreadPools(calls=1, heavy=1)
    job = restore_job(tmp_path)
    state = RestoreState(tmp_path, target_arn="arn:t", shared=cast("SharedState", SlowVault()))
    job = replace(job, state=state, context=replace(job.context, threads=threads))
    asyncio.run(save())
    threads.close()
    assert waited == [True]


def test_a_restore_that_starts_again_deletes_the_ledger(tmp_path: Path) -> None:
    """Files that an earlier restore has finished must be written again."""
    job = restore_job(tmp_path)
    asyncio.run(save_progress(job, "writing", method="write", table_id="id-1"))
    ledger = job.state.directory / "ledger.jsonl"
    ledger.write_text("")
    started = asyncio.run(start_progress(job, "creating", method="write"))
    assert not ledger.exists()
    assert job.state.read() == started
    assert started.table_id is None


@pytest.mark.parametrize(
    ("method", "stage", "token"),
    [("import", "requested", "t"), ("import", "done", None), ("write", "requested", None)],
)
def test_a_remote_job_continues_the_progress_of_its_own_request_only(
    tmp_path: Path, method: str, stage: Stage, token: str | None
) -> None:
    """The token stays for a later run. The progress of another method, or of a restore that is done, is replaced."""
    job = restore_job(tmp_path)
    asyncio.run(start_progress(job, stage, method=method, token="t"))
    saved = asyncio.run(save_remote_job(job, method="import", table_id="id-1", job_arn="arn:j"))
    assert (saved.stage, saved.table_id, saved.job_arn, saved.token) == ("writing", "id-1", "arn:j", token)
