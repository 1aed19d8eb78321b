"""Writing a full backup and the windows that follow it: each item once, in its final state."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item, comparable_key
from ddbbackup.bulk import open_ledger, verified_stream, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, Existing, Stopped, WriteJob, WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.progress import Progress
from ddbbackup.ports import BulkOperation
from tests.support.aws import line
from tests.support.chains import History, View, histories, replay
from tests.support.items import scalars
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.memory_table import KEYS, TABLE, MemoryAccess, MemoryTable, data_file

IDENTITY = RestoreIdentity("a random text", "the table")
# Few keys, so that windows meet each other.
IDS = st.sampled_from(["a", "b", "é", '"', "\\u0041", ',"NewImage":{"', "A", "c", "d", "\u2028", "1", "1.0"])
ITEMS = st.builds(lambda identity, value: {"id": {"S": identity}, "v": value}, IDS, scalars)
VIEWS: tuple[View, ...] = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr("ddbbackup.bulk.worker.READ_PAUSES_SECONDS", (0.0, 0.0))


def item(number: int, version: int = 0, size: int = 0) -> dict[str, Any]:
    noise = random.Random(number).randbytes(size).hex()
    return {"id": {"S": f"k{number:05}"}, "v": {"N": str(version)}, "s": {"S": noise}}


def job_of(
    objects: MemoryObjects,
    history: History,
    directory: Path,
    *,
    view: View = "NEW_AND_OLD_IMAGES",
    existing: Existing = "overwrite",
    deletes: bool = False,
    files_each: int = 2,
) -> WriteJob:
    """Every backup of the history as data files."""
    base = spread(objects, "base", [line(dict(each)) for each in history.base], files_each)
    windows = tuple(
        spread(objects, f"window{number}", lines, files_each)
        for number, lines in enumerate(history.lines(view))
    )
    return WriteJob(
        base, TABLE, KEYS, directory, windows, deletes, existing, workers=1, stall_timeout_seconds=5.0
    )


def spread(objects: MemoryObjects, name: str, lines: Sequence[bytes], files: int) -> tuple[DataFile, ...]:
    return tuple(data_file(objects, f"data/{name}-{n}", lines[n::files]) for n in range(files))


def write(job: WriteJob, access: MemoryAccess, progress: list[Progress] | None = None) -> WriteResult:
    seen: list[Progress] = [] if progress is None else progress
    with open_ledger(job.state_dir, IDENTITY) as ledger:
        return write_items(
            job,
            access=access,
            ledger=ledger,
            on_progress=lambda each: seen.append(each),  # noqa: PLW0108  # the name of its parameter is part of the protocol
            stop=threading.Event(),
        )


def comparable(found: Sequence[Mapping[str, Any]]) -> set[tuple[object, ...]]:
    return {comparable_item(each) for each in found}


def lines_of(job: WriteJob) -> int:
    return sum(file.item_count for file in (*job.files, *(f for window in job.windows for f in window)))


@settings(max_examples=60, deadline=None)
@given(histories(ITEMS), st.sampled_from(VIEWS), st.booleans())
def test_an_empty_table_gets_the_state_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, history: History, view: View, deletes: bool
) -> None:
    """No item is ever put in another state than its last one, and every line of every file is accounted for."""
    objects, table = MemoryObjects(), MemoryTable()
    job = job_of(objects, history, tmp_path_factory.mktemp("chain"), view=view, deletes=deletes)
    result = write(job, MemoryAccess(objects, table.respond))
    assert comparable(table.items) == comparable(history.end)
    assert len(table.puts) == result.written == result.item_count == len(history.end)
    assert result.line_count == lines_of(job)
    changed = {comparable_key(each["Keys"], ["id"]) for window in history.windows for each in window}
    assert result.deleted == len(changed - history.states[-1].keys())
    superseded = sum(map(len, history.windows)) - len(changed) + len(changed & history.states[0].keys())
    assert result.superseded == superseded
    assert len(table.deletes) == (result.deleted if deletes else 0)
    assert not (job.state_dir / "changed-keys").exists()


@settings(max_examples=30, deadline=None)
@given(histories(ITEMS), histories(ITEMS))
def test_a_table_with_items_is_overwritten(
    tmp_path_factory: pytest.TempPathFactory, history: History, live: History
) -> None:
    """What the chain deleted is deleted; what it never knew stays. Each key changes at most once on the way."""
    before = [*live.end, *({**each, "old": {"BOOL": True}} for each in history.base)]
    objects, table = MemoryObjects(), MemoryTable(before)
    job = job_of(objects, history, tmp_path_factory.mktemp("chain"), deletes=True)
    write(job, MemoryAccess(objects, table.respond))
    known = history.states[0].keys() | {
        comparable_key(each["Keys"], ["id"]) for window in history.windows for each in window
    }
    untouched = [each for each in before if comparable_key(each, ["id"]) not in known]
    assert comparable(table.items) == comparable([*untouched, *history.end])
    touched = [comparable_key(each, ["id"]) for each in (*table.puts, *table.deletes)]
    assert len(touched) == len(set(touched))


@settings(max_examples=30, deadline=None)
@given(histories(ITEMS), st.sets(st.integers(0, 11)))
def test_existing_items_are_kept_and_deleted_ones_are_not_put(
    tmp_path_factory: pytest.TempPathFactory, history: History, there: set[int]
) -> None:
    before = [{**each, "mine": {"BOOL": True}} for n, each in enumerate(history.base) if n in there]
    objects, table = MemoryObjects(), MemoryTable(before)
    job = job_of(objects, history, tmp_path_factory.mktemp("chain"), existing="keep")
    result = write(job, MemoryAccess(objects, table.respond))
    mine = {comparable_key(each, ["id"]): each for each in before}
    missing = [each for key, each in history.states[-1].items() if key not in mine]
    assert comparable(table.items) == comparable([*before, *missing])
    assert result.kept == len(mine.keys() & history.states[-1].keys())
    assert result.line_count == lines_of(job)


def test_the_base_may_be_loaded_by_something_else(tmp_path: Path) -> None:
    """ImportTable loads the full backup as it is: then the windows are written, and their deletes are needed."""
    history = replay(
        [item(n) for n in range(100)],
        [[(item(n, 1), n % 3 == 0) for n in range(60)], [(item(n, 2), False) for n in range(30, 110)]],
        ["id"],
    )
    objects, table = MemoryObjects(), MemoryTable(history.base)
    job = job_of(objects, history, tmp_path, deletes=True)
    result = write(
        WriteJob((), TABLE, KEYS, tmp_path, job.windows, True, workers=1),
        MemoryAccess(objects, table.respond),
    )
    assert comparable(table.items) == comparable(history.end)
    assert (result.written, result.deleted, result.superseded) == (20 + 80, 10, 30)


def test_the_order_within_a_window_is_that_of_the_timestamps(tmp_path: Path) -> None:
    """AWS writes one record a key and window; if there are more, the last one counts, wherever it is."""
    objects, table = MemoryObjects(), MemoryTable()
    window = [change(1, micros, version=micros) for micros in (2, 9, 5)] + [
        change(2, 7),
        change(2, 8, version=None),
    ]
    job = WriteJob((), TABLE, KEYS, tmp_path, (spread(objects, "w", window, 2),), workers=1)
    result = write(job, MemoryAccess(objects, table.respond))
    assert table.items == [item(1, 9)]
    assert (result.written, result.deleted, result.superseded) == (1, 1, 3)


def test_a_later_window_counts_whatever_its_timestamps_say(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable()
    windows = (
        spread(objects, "a", [change(1, 9, version=1)], 1),
        spread(objects, "b", [change(1, 3, version=2)], 1),
    )
    write(WriteJob((), TABLE, KEYS, tmp_path, windows, workers=1), MemoryAccess(objects, table.respond))
    assert table.items == [item(1, 2)]


def change(number: int, micros: int, version: int | None = 0) -> bytes:
    new = {} if version is None else {"NewImage": item(number, version)}
    document = {
        "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
        "Keys": {"id": {"S": f"k{number:05}"}},
        **new,
    }
    return json.dumps(document, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([change(1, 5, version=1), change(1, 5, version=2)], "two changes of one item"),
        ([change(1, 5), b'{"Item":{"id":{"S":"k2"}}}'], "window-0 is damaged: a line is not a change"),
        ([change(1, 5)[:40]], "window-0 is damaged: a line is not a JSON object"),
    ],
)
def test_a_damaged_window_is_found_before_anything_is_written(
    tmp_path: Path, lines: list[bytes], says: str
) -> None:
    objects, table = MemoryObjects(), MemoryTable()
    base = spread(objects, "base", [line(item(1))], 1)
    job = WriteJob(base, TABLE, KEYS, tmp_path, (spread(objects, "window", lines, 1),), workers=1)
    with pytest.raises(DataIncomplete, match=says):
        write(job, MemoryAccess(objects, table.respond))
    assert table.puts == table.deletes == []
    assert not (tmp_path / "changed-keys").exists()


def test_a_window_that_does_not_match_its_manifest_is_found_before_anything_is_written(
    tmp_path: Path,
) -> None:
    objects, table = MemoryObjects(), MemoryTable()
    job = job_of(objects, replay([item(1)], [[(item(1, 1), False)]], ["id"]), tmp_path, files_each=1)
    (body,) = (objects.bodies[file.key] for file in job.windows[0])
    for bad in (
        body[:-9],
        body[:-20] + bytes([body[-20] ^ 1]) + body[-19:],
        data_of(objects, [change(1, 5)] * 2),
    ):
        objects.bodies[job.windows[0][0].key] = bad
        with pytest.raises(DataIncomplete, match="window0-0 is damaged"):
            write(job, MemoryAccess(objects, table.respond))
    assert table.puts == table.deletes == []


def data_of(objects: MemoryObjects, lines: list[bytes]) -> bytes:
    return objects.bodies[data_file(objects, "other", lines).key]


def test_one_file_in_two_windows_is_damage(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable()
    window = spread(objects, "window", [change(1, 5)], 1)
    with pytest.raises(DataIncomplete, match="two windows of the chain list the same data file"):
        write(
            WriteJob((), TABLE, KEYS, tmp_path, (window, window), workers=1),
            MemoryAccess(objects, table.respond),
        )


LARGE = replay(
    [item(n, size=1000) for n in range(3000)],
    [
        [(item(n, 1, size=1000), n % 3 == 0) for n in range(0, 3000, 2)],
        [(item(n, 2, size=1000), False) for n in range(0, 3000, 5)],
    ],
    ["id"],
)


@pytest.mark.parametrize("name", ["base-0", "window0-1", "window1-0"])
@pytest.mark.parametrize("existing", ["overwrite", "keep", "verify"])
def test_a_file_that_arrives_damaged_is_read_again(tmp_path: Path, name: str, existing: Existing) -> None:
    """While the index is made, and while items are written, when some were put already. Counts do not double."""
    objects, table = MemoryObjects(), MemoryTable()
    job = job_of(objects, LARGE, tmp_path, existing=existing)
    body = objects.bodies[f"data/{name}"]
    short = [
        MemoryStream(body[: len(body) // 2], size_bytes=len(body), chunk_bytes=64 << 10) for _ in range(2)
    ]
    whole = [] if name == "base-0" else [MemoryStream(body, chunk_bytes=64 << 10)]
    objects.answers = {f"data/{name}": [short[0], *whole, short[1]]}
    progress: list[Progress] = []
    result = write(job, MemoryAccess(objects, table.respond), progress)
    assert comparable(table.items) == comparable(LARGE.end)
    assert result.written == len(LARGE.end)
    assert result.line_count == lines_of(job)
    assert [(last.done, last.total) for last in last_of_each_phase(progress)] == [(2100, 2100), (5100, 5100)]


def last_of_each_phase(progress: list[Progress]) -> list[Progress]:
    return list({each.phase: each for each in progress}.values())


class Interrupted(Exception):
    pass


def test_an_interrupted_chain_is_continued(tmp_path: Path) -> None:
    """Finished files are not written again, whether they belong to the full backup or to a window."""
    objects, table = MemoryObjects(), MemoryTable()
    job = job_of(objects, LARGE, tmp_path, deletes=True, files_each=6)
    sent = 0

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        nonlocal sent
        sent += 1
        if sent > 100:
            raise Interrupted
        return table.respond(operation, body)

    with pytest.raises(Exception, match="Interrupted"):
        write(job, MemoryAccess(objects, respond))
    with open_ledger(tmp_path, IDENTITY) as ledger:
        finished = ledger.finished_files()
    assert 0 < len(finished) < 18
    result = write(job, MemoryAccess(objects, table.respond))
    assert result.resumed_files == len(finished)
    assert comparable(table.items) == comparable(LARGE.end)
    assert result.line_count == lines_of(job)
    assert (result.written, result.deleted) == (len(LARGE.end), 400)
    table.puts.clear()
    again = write(job, MemoryAccess(objects, table.respond))
    assert table.puts == []
    assert (again.written, again.deleted, again.resumed_files) == (result.written, 400, 18)


def test_the_index_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    objects, table = MemoryObjects(), MemoryTable()
    job = job_of(objects, LARGE, tmp_path)
    stop = threading.Event()
    with open_ledger(tmp_path, IDENTITY) as ledger, pytest.raises(Stopped):
        write_items(
            job,
            access=MemoryAccess(objects, table.respond),
            ledger=ledger,
            on_progress=lambda _: stop.set(),
            stop=stop,
        )
    assert table.puts == []
    assert not (tmp_path / "changed-keys").exists()


def test_lines_of_the_full_backup_without_a_certain_key_are_rejected(tmp_path: Path) -> None:
    """Whether a window supersedes them cannot be known, so they must not reach the table."""
    objects, table = MemoryObjects(), MemoryTable()
    bad = [b'{"Item":{"id":{"S":"k00001"},"id":{"S":"k00002"}}}', b'{"Item":{"x":{"S":"y"}}}']
    base = spread(objects, "base", [line(item(1)), *bad, line(item(3))], 1)
    job = WriteJob(
        base, TABLE, KEYS, tmp_path, (spread(objects, "w", [change(1, 5, version=4)], 1),), workers=1
    )
    result = write(job, MemoryAccess(objects, table.respond))
    assert table.items == [item(1, 4), item(3)]
    assert (result.written, result.superseded, result.rejected) == (2, 1, 2)
    assert result.rejects_file is not None
    assert [json.loads(each)["reason"] for each in result.rejects_file.read_text().splitlines()] == [
        "the line is not an exported item"
    ] * 2


def test_deletes_that_are_throttled_are_sent_again(tmp_path: Path) -> None:
    """Of a delete, DynamoDB returns the DeleteRequest as unprocessed."""
    history = replay([item(n) for n in range(60)], [[(item(n), True) for n in range(60)]], ["id"])
    objects, table = MemoryObjects(), MemoryTable(history.base)
    withheld = iter([3, 25, 0, 24, 1] + [0] * 100)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        requests = json.loads(body)["RequestItems"][TABLE]
        count = next(withheld)
        unprocessed, processed = requests[:count], requests[count:]
        for each in processed:
            table.respond(operation, json.dumps({"RequestItems": {TABLE: [each]}}).encode())
        answer = {"UnprocessedItems": {TABLE: unprocessed} if unprocessed else {}}
        return 200, json.dumps(answer, separators=(",", ":")).encode()

    job = job_of(objects, history, tmp_path, deletes=True)
    result = write(
        WriteJob((), TABLE, KEYS, tmp_path, job.windows, True, workers=1), MemoryAccess(objects, respond)
    )
    assert table.items == []
    assert len(table.deletes) == result.deleted == 60
    assert result.throttled == 4
