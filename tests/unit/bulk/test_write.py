"""Writing from data files into a table, both in memory: damaged readings, interrupted runs, existing items."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.bulk import open_ledger, reader, verified_stream, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, Existing, WriteJob, WriteResult
from ddbbackup.errors import DataIncomplete, StepFailed, Unreachable
from ddbbackup.ports import BulkOperation
from tests.support.aws import line
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.memory_table import KEYS, TABLE, MemoryAccess, MemoryTable, data_file

IDENTITY = RestoreIdentity("a random text", "the table")
CHUNK = 512 << 10


def item(number: int, size: int = 0) -> dict[str, Any]:
    noise = random.Random(number).randbytes(size).hex()
    return {"id": {"S": f"k{number:05}"}, "n": {"N": f"{number}.50"}, "s": {"S": noise}}


ITEMS = [item(number) for number in range(200)]
LARGE = [item(number, 1000) for number in range(4000)]  # 8 MB inflated


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr("ddbbackup.bulk.worker.READ_PAUSES_SECONDS", (0.0, 0.0))


def write(
    access: MemoryAccess, files: Sequence[DataFile], directory: Path, *, existing: Existing = "overwrite"
) -> WriteResult:
    job = WriteJob(
        tuple(files), TABLE, KEYS, directory, existing=existing, workers=1, stall_timeout_seconds=5.0
    )
    with open_ledger(directory, IDENTITY) as ledger:
        return write_items(
            job, access=access, ledger=ledger, on_progress=lambda _: None, stop=threading.Event()
        )


def counts(result: WriteResult) -> tuple[int, int, int, int, int]:
    return result.written, result.kept, result.equal, result.different, result.rejected


def cut(body: bytes) -> MemoryStream:
    """The connection closed early, and nobody noticed."""
    return MemoryStream(body[: len(body) // 2], size_bytes=len(body), chunk_bytes=CHUNK)


def shorter(body: bytes) -> MemoryStream:
    return MemoryStream(body[: len(body) // 2], chunk_bytes=CHUNK)


def flipped(body: bytes) -> MemoryStream:
    """One bit near the end of the compressed data."""
    at = len(body) - 20
    return MemoryStream(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], chunk_bytes=CHUNK)


def other(body: bytes) -> MemoryStream:
    """A valid file with other items."""
    content = gzip.decompress(body).replace(b'"k', b'"x')
    return MemoryStream(gzip.compress(content, 1), chunk_bytes=CHUNK)


def html(body: bytes) -> MemoryStream:
    return MemoryStream(b"<html>please sign in</html>")


@pytest.mark.parametrize("bad", [cut, shorter, flipped, other, html])
@pytest.mark.parametrize("existing", ["overwrite", "keep", "verify"])
def test_a_file_that_arrives_damaged_is_read_again(
    tmp_path: Path, bad: Callable[[bytes], MemoryStream], existing: Existing
) -> None:
    """Nothing of the damaged reading is put, and every item counts once."""
    objects, table = MemoryObjects(), MemoryTable()
    files = [data_file(objects, f"data/{n}", map(line, ITEMS[n::2])) for n in range(2)]
    objects.answers = {"data/1": [bad(objects.bodies["data/1"])] * 2}
    access = MemoryAccess(objects, table.respond)
    result = write(access, files, tmp_path, existing=existing)
    assert counts(result) == (200, 0, 0, 0, 0)
    assert len(table.puts) == 200
    assert table.items == ITEMS
    assert result.suspect_files == ()
    assert objects.streamed == {"data/0": 1, "data/1": 3}


def test_a_file_that_stays_damaged_is_damaged(tmp_path: Path) -> None:
    """After three readings. What never arrives whole is not called damaged."""
    objects, table = MemoryObjects(), MemoryTable()
    file = data_file(objects, "data/0", map(line, ITEMS))
    access = MemoryAccess(objects, table.respond)
    objects.answers = {"data/0": [flipped(objects.bodies["data/0"])] * 3}
    with pytest.raises(DataIncomplete, match="data/0 is damaged"):
        write(access, [file], tmp_path)
    objects.answers = {"data/0": [cut(objects.bodies["data/0"])] * 3}
    with pytest.raises(Unreachable, match=r"S3 sent \d+ of the \d+ bytes"):
        write(access, [file], tmp_path)
    assert table.puts == []


@pytest.mark.parametrize("existing", ["overwrite", "keep", "verify"])
def test_a_large_file_that_ends_early_is_written_once_more(tmp_path: Path, existing: Existing) -> None:
    """What was put of it are items of the file, so nothing is wrong. Counts do not double."""
    objects, table = MemoryObjects(), MemoryTable()
    file = data_file(objects, "data/0", map(line, LARGE))
    objects.answers = {"data/0": [cut(objects.bodies["data/0"])]}
    result = write(MemoryAccess(objects, table.respond), [file], tmp_path, existing=existing)
    assert counts(result) == (len(LARGE), 0, 0, 0, 0)
    assert table.items == LARGE
    assert result.suspect_files == ()


@pytest.mark.parametrize("bad", [flipped, other])
def test_damaged_items_of_a_large_file_are_reported_by_every_run(
    tmp_path: Path, bad: Callable[[bytes], MemoryStream]
) -> None:
    """They cannot be told from items that belong there, so the restore is not complete."""
    objects, table = MemoryObjects(), MemoryTable()
    file = data_file(objects, "data/0", map(line, LARGE))
    objects.answers = {"data/0": [bad(objects.bodies["data/0"])]}
    access = MemoryAccess(objects, table.respond)
    result = write(access, [file], tmp_path)
    assert counts(result) == (len(LARGE), 0, 0, 0, 0)
    harmed = [each for each in table.items if each not in LARGE]
    assert harmed or bad is flipped
    assert result.suspect_files == (("s3://vault/data/0",) if harmed else ())
    again = write(access, [file], tmp_path)
    assert (again.resumed_files, again.suspect_files) == (1, result.suspect_files)


class AfterTheFirstPut(MemoryStream):
    """Ends only after something that it began with was put, however busy the machine is."""

    def __init__(self, body: bytes, put: threading.Event) -> None:
        super().__init__(body, chunk_bytes=CHUNK)
        self._put = put

    def __iter__(self) -> Iterator[bytes]:
        *first, last = super().__iter__()
        yield from first
        self._put.wait(4.0)
        yield last


def test_requests_of_a_damaged_reading_never_come_after_those_of_the_next(tmp_path: Path) -> None:
    """A throttled put would bring the damaged item back over the right one."""
    objects, table = MemoryObjects(), MemoryTable()
    file = data_file(objects, "data/0", map(line, LARGE))
    content = gzip.decompress(objects.bodies["data/0"]).replace(b'.50"', b'.99"')
    put = threading.Event()
    objects.answers = {"data/0": [AfterTheFirstPut(gzip.compress(content, 1), put)]}
    throttled = (400, b'{"__type":"x#ThrottlingException","message":"slow down"}')
    turns = iter(range(1_000_000))

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        if next(turns) % 2:
            return throttled
        put.set()
        return table.respond(operation, body)

    result = write(MemoryAccess(objects, respond), [file], tmp_path)
    assert counts(result) == (len(LARGE), 0, 0, 0, 0)
    assert table.items == LARGE
    assert result.suspect_files == ("s3://vault/data/0",)


def test_a_finished_file_is_not_read_again(tmp_path: Path) -> None:
    """Nor in another run with other workers. Counts include it."""
    objects, table = MemoryObjects(), MemoryTable()
    files = [data_file(objects, f"data/{n}", map(line, ITEMS[n::4])) for n in range(4)]
    access = MemoryAccess(objects, table.respond)
    write(access, files[:3], tmp_path)
    result = write(access, files, tmp_path)
    assert (result.written, result.resumed_files) == (200, 3)
    assert objects.streamed == {f"data/{n}": 1 for n in range(4)}


def test_a_file_that_was_replaced_is_another_file(tmp_path: Path) -> None:
    """The ledger knows files by key, MD5 and item count."""
    objects, table = MemoryObjects(), MemoryTable()
    access = MemoryAccess(objects, table.respond)
    write(access, [data_file(objects, "data/0", map(line, ITEMS[:100]))], tmp_path)
    result = write(access, [data_file(objects, "data/0", map(line, ITEMS[100:]))], tmp_path)
    assert (result.written, result.resumed_files) == (100, 0)
    assert table.items == ITEMS


@pytest.mark.parametrize("returns_existing", [True, False])
def test_what_an_interrupted_run_left_is_verified(tmp_path: Path, returns_existing: bool) -> None:
    """Equal items are ours; different ones stay, and are reported with both contents in a private file."""
    changed = ITEMS[7] | {"n": {"N": "0"}}
    there = [*ITEMS[:7], changed, *ITEMS[8:50]]
    objects, table = MemoryObjects(), MemoryTable(there, returns_existing=returns_existing)
    file = data_file(objects, "data/0", map(line, ITEMS))
    access = MemoryAccess(objects, table.respond)
    result = write(access, [file], tmp_path, existing="verify")
    assert counts(result) == (150, 0, 49, 1, 0)
    assert result.item_count == 200
    assert table.items == [*ITEMS[:7], changed, *ITEMS[8:]]
    assert result.reasons == (("the table holds another item with this key", 1),)
    assert result.rejects_file is not None
    (saved,) = [json.loads(each) for each in result.rejects_file.read_text().splitlines()]
    assert saved == {
        "reason": "the table holds another item with this key",
        "file": "s3://vault/data/0",
        "existing": changed,
        "line": {"Item": ITEMS[7]},
    }
    assert result.rejects_file.stat().st_mode & 0o777 == 0o600
    again = write(access, [file], tmp_path, existing="verify")
    assert counts(again) == (0, 0, 199, 1, 0)


def test_an_item_that_cannot_be_saved_ends_the_job(tmp_path: Path) -> None:
    """A rejected item that is nowhere would be lost."""
    objects = MemoryObjects()
    file = data_file(objects, "data/0", map(line, ITEMS[:1]))
    rejected = (400, b'{"__type":"x#ValidationException","message":"never"}')

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        (tmp_path / "rejects").rmdir()
        return rejected

    with pytest.raises(StepFailed, match="could not save a rejected item"):
        write(MemoryAccess(objects, respond), [file], tmp_path)


def test_what_was_written_is_sampled(tmp_path: Path) -> None:
    """From all files, for the final comparison with the table, without reading them again."""
    objects, table = MemoryObjects(), MemoryTable()
    files = [data_file(objects, f"data/{n}", map(line, ITEMS[n::4])) for n in range(4)]
    result = write(MemoryAccess(objects, table.respond), files, tmp_path)
    sampled = {json.loads(each.key)["id"]["S"] for each in result.sample}
    assert sampled == {each["id"]["S"] for each in ITEMS}


def test_a_small_file_is_held_back_until_it_is_verified() -> None:
    """And a large one only as far as memory allows."""
    blocks = [b"a" * 10, b"b" * 10, b"c" * 10]
    seen: list[int] = []

    def read() -> Any:
        for block in blocks:
            seen.append(len(seen))
            yield block
        raise DataIncomplete("damaged", hint="-")

    with pytest.raises(DataIncomplete):
        next(reader.hold_back(read(), 30))
    seen.clear()
    assert next(reader.hold_back(read(), 15)) == blocks[0]
    assert len(seen) == 2
