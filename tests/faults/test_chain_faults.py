"""A chain loses no item either, and no item is ever put in a state that is not its last, whatever fails."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk import open_ledger, units, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, WriteJob, WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.progress import OnProgress, Progress
from ddbbackup.ports import KeyAttribute
from tests.support.aws import KEY, REGION, SECRET, Aws, line
from tests.support.chains import replay
from tests.support.fault_proxy import FaultProxy
from tests.support.sink import Sink

RESTORE = RestoreIdentity("a random text", "the table")


def item(number: int, version: int = 0) -> dict[str, Any]:
    return {"id": {"S": f"{number}"}, "v": {"N": f"{version}.50"}, "b": {"B": "AP8="}, "u": {"S": "\u2028🎉"}}


HISTORY = replay(
    [item(n) for n in range(4000)],
    [
        [(item(n, 1), n % 3 == 0) for n in range(0, 4400, 2)],
        [(item(n, 2), n % 7 == 0) for n in range(0, 4400, 5)],
        [(item(n, 3), False) for n in range(0, 1000, 3)],
    ],
    ["id"],
)
FINAL = {line(dict(each)) for each in HISTORY.end}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()
    monkeypatch.setattr(units, "MIN_BYTES_PER_WORKER", 1)  # so that little data gets two workers


@pytest.fixture
def job(sandbox: Aws, bucket: str, tmp_path: Path) -> WriteJob:
    """Two worker processes, three windows, deletes."""
    return WriteJob(
        files=put_files(sandbox, bucket, "base", [line(dict(each)) for each in HISTORY.base], 6),
        table="t",
        keys=(KeyAttribute("id", "HASH", "S"),),
        state_dir=tmp_path,
        windows=tuple(
            put_files(sandbox, bucket, f"window{number}", lines, 3)
            for number, lines in enumerate(HISTORY.lines("NEW_AND_OLD_IMAGES"))
        ),
        deletes=True,
        workers=2,
    )


def put_files(aws: Aws, bucket: str, name: str, lines: Sequence[bytes], count: int) -> tuple[DataFile, ...]:
    uri = aws.put_export(bucket, [lines[n::count] for n in range(count)], name=f"01700000000000-{name}")
    root = uri.removeprefix(f"s3://{bucket}/")
    entries = [json.loads(each) for each in aws.read(bucket, f"{root}manifest-files.json").splitlines()]
    return tuple(
        DataFile(
            bucket,
            entry["dataFileS3Key"],
            entry["md5Checksum"],
            entry["itemCount"],
            size_bytes=len(aws.read(bucket, entry["dataFileS3Key"])),
        )
        for entry in entries
    )


def write(aws: Aws, url: str, job: WriteJob, on_progress: OnProgress | None = None) -> WriteResult:
    target = Connection(region=REGION, endpoint_urls=(("dynamodb", url), ("s3", aws.s3_url)))

    def ignore(progress: Progress) -> None:
        del progress

    with open_ledger(job.state_dir, RESTORE) as ledger:
        return write_items(
            job,
            access=AwsBulkAccess(target=target, source=target),
            ledger=ledger,
            on_progress=on_progress or ignore,
            stop=threading.Event(),
        )


def check(sink: Sink, result: WriteResult) -> None:
    """``sink.lines`` fails if a key was ever put in two states."""
    assert {each.strip() for each in sink.lines} == FINAL
    ids = {each["id"]["S"] for each in HISTORY.end}
    changed = {change["Keys"]["id"]["S"] for window in HISTORY.windows for change in window}
    assert sink.deleted == changed - ids
    assert result.written == len(FINAL)
    assert result.deleted == len(sink.deleted)
    assert result.line_count == len(HISTORY.base) + sum(map(len, HISTORY.windows))
    assert not multiprocessing.active_children()


def test_every_item_ends_in_its_last_state_despite_faults(sandbox: Aws, job: WriteJob) -> None:
    """5% each of unprocessed puts and deletes, throttling, 5xx, connection resets and transaction conflicts."""
    sink = Sink(unprocessed=0.05, throttled=0.05, busy=0.05, resets=0.05, conflicts=0.05)
    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(sandbox, proxy.url, job)
    check(sink, result)
    assert set(sink.faults) == {"reset", "busy", "throttle", "conflict", "unprocessed"}


@pytest.mark.parametrize("phase", ["changes", "write"])
def test_a_killed_worker_is_replaced(sandbox: Aws, job: WriteJob, phase: str) -> None:
    """While the windows are indexed, when it waits for its first unit, and while it writes."""
    sink = Sink()
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        children = multiprocessing.active_children()
        if progress.phase == phase and progress.done > 1000 and not killed and children:
            killed.append(children[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(sandbox, proxy.url, job, kill_one)
    assert killed
    check(sink, result)


def test_a_window_that_changes_after_it_was_indexed_is_damage(
    sandbox: Aws, bucket: str, job: WriteJob
) -> None:
    """Another file under its key: the second reading is compared with the manifest too."""
    sink = Sink()
    victim = job.windows[1][0]
    body = sandbox.read(bucket, job.windows[2][0].key)
    assert md5_base64(body) != victim.md5

    def replace_it(progress: Progress) -> None:
        if progress.phase == "changes" and progress.done == progress.total:
            sandbox.s3.put_object(Bucket=bucket, Key=victim.key, Body=body)

    with FaultProxy("http://127.0.0.1:9", sink) as proxy, pytest.raises(DataIncomplete, match=victim.key):
        write(sandbox, proxy.url, job, replace_it)
    assert not multiprocessing.active_children()
    assert not (job.state_dir / "changed-keys").exists()
