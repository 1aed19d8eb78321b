"""Reading a whole backup: every defect is found, there are no false alarms, and interruptions cost little."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.bulk import unit_engine, verified_stream, verify_data, verify_units
from ddbbackup.bulk.model import DataFile, Stopped
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.bulk.verify_data import ReadLevel, VerifiedData, VerifyJob
from ddbbackup.bulk.verify_units import cut_into_units
from ddbbackup.errors import DataIncomplete, DdbBackupError, Refused, StepFailed
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.progress import Progress
from ddbbackup.ports import KeyAttribute
from tests.support.folder_access import FolderAccess
from tests.support.memory_table import KEYS

SECRET = "s3cr3t"
PAIR = (*KEYS, KeyAttribute("at", "RANGE", "N"))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units of three files, and no pause before a file is read again."""
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(verify_units, "_UNIT_FILES", 3)


class Backup:
    """Data files in a folder, one for each list of items or lines."""

    def __init__(self, root: Path, *contents: Sequence[Mapping[str, Any] | bytes]) -> None:
        self.root = root
        self.files = tuple(self.write(number, content) for number, content in enumerate(contents))

    def write(self, number: int, content: Sequence[Mapping[str, Any] | bytes]) -> DataFile:
        lines = [each if isinstance(each, bytes) else json.dumps({"Item": each}).encode() for each in content]
        body = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
        key = f"{number:02d}.json.gz"
        (self.root / key).write_bytes(body)
        return DataFile("vault", key, md5_base64(body), len(lines), size_bytes=len(body))

    def job(self, level: ReadLevel = "items", keys: tuple[KeyAttribute, ...] = KEYS) -> VerifyJob:
        return VerifyJob(self.files, level, self.root / "state", keys, table="orders")


def item(number: object, **members: Any) -> dict[str, Any]:
    return {"id": {"S": str(number)}, **members}


def several(files: int = 8, items: int = 40) -> list[list[dict[str, Any]]]:
    return [[item(f"{file}-{number}") for number in range(items)] for file in range(files)]


def verify(
    job: VerifyJob,
    access: FolderAccess,
    *,
    stop: threading.Event | None = None,
    notes: list[Progress] | None = None,
) -> VerifiedData:
    noted: list[Progress] = notes if notes is not None else []

    def note(progress: Progress) -> None:
        noted.append(progress)

    result = verify_data.verify_data(job, access=access, on_progress=note, stop=stop or threading.Event())
    assert all(0 <= each.done <= (each.total or 0) for each in noted)
    return result


def damage(job: VerifyJob, access: FolderAccess) -> str:
    with pytest.raises(DataIncomplete) as raised:
        verify(job, access)
    assert SECRET not in raised.value.message + raised.value.hint
    return raised.value.message


@pytest.mark.parametrize("level", ["checksums", "items"])
def test_a_whole_backup_is_proven_and_nothing_stays_behind(tmp_path: Path, level: ReadLevel) -> None:
    """Counts and sizes are those of the manifest; progress ends at the total."""
    backup = Backup(tmp_path, *several(), [])
    notes: list[Progress] = []
    result = verify(backup.job(level), FolderAccess(tmp_path), notes=notes)
    size_bytes = sum(file.size_bytes or 0 for file in backup.files)
    assert result == VerifiedData(320, size_bytes, 0)
    assert notes[-1].done == notes[-1].total == size_bytes
    assert not (tmp_path / "state").exists()


def test_without_a_directory_nothing_is_kept(tmp_path: Path) -> None:
    """The digests of keys need a place while the program runs."""
    backup = Backup(tmp_path, *several(2), [item("0-0")])
    job = replace(backup.job(), directory=None)
    assert "1 key is in the backup more than once" in damage(job, FolderAccess(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.key for file in backup.files]


@pytest.mark.parametrize("level", ["checksums", "items"])
def test_every_damaged_file_is_counted(tmp_path: Path, level: ReadLevel) -> None:
    """Changed, missing, with another count, with another size: the first ones are named."""
    backup = Backup(tmp_path, *several())
    for number in (0, 5):
        (tmp_path / backup.files[number].key).write_bytes(gzip.compress(SECRET.encode()))
    (tmp_path / backup.files[6].key).unlink()
    files = list(backup.files)
    files[7] = replace(files[7], item_count=41)
    message = damage(replace(backup.job(level), files=tuple(files)), FolderAccess(tmp_path))
    assert message.startswith("4 of 8 data files do not match the manifest")
    assert message.endswith("and 1 more")


def test_lines_that_are_no_items_are_counted_by_reason(tmp_path: Path) -> None:
    """The checksums of such files match: DynamoDB did not write them, or not for this table."""
    bad: list[Mapping[str, Any] | bytes] = [
        item(1, x={"N": SECRET}),
        item(2, x={"N": SECRET}),
        {"id": {"N": "3"}},
        SECRET.encode(),
    ]
    backup = Backup(tmp_path, *several(2), bad, [item(4), item("", x={"S": SECRET})])
    assert verify(backup.job("checksums"), FolderAccess(tmp_path)).item_count == 86
    message = damage(backup.job(), FolderAccess(tmp_path))
    assert message.startswith("5 lines in 2 of 4 data files are not valid items of the table: 2 × ")
    assert message.endswith("first in s3://vault/02.json.gz")


def test_a_key_that_is_there_twice_is_found_across_files(tmp_path: Path) -> None:
    """In whatever spelling; the files are named, and the key is not."""
    twice = {"id": {"S": SECRET}, "at": {"N": "1"}}
    again = b'{"Item":{"at":{"N":"1.0"},"id":{"S":"s3cr\\u0033t"}}}'
    other = {"id": {"S": SECRET}, "at": {"N": "2"}}
    backup = Backup(tmp_path, [twice], *([] for _ in range(5)), [again, other])
    message = damage(backup.job(keys=PAIR), FolderAccess(tmp_path))
    assert message == (
        "1 key is in the backup more than once, the first of them in s3://vault/00.json.gz, s3://vault/06.json.gz"
    )


class Coarse:
    """A hash with three values."""

    def __init__(self, key: bytes, *, digest_size: int) -> None:
        self._digest = bytes([len(key) % 3]) * digest_size

    def digest(self) -> bytes:
        return self._digest


def test_keys_that_share_a_digest_are_no_false_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys themselves are compared."""

    monkeypatch.setattr(hashlib, "blake2b", Coarse)
    backup = Backup(tmp_path, *several(4, 30))
    assert verify(backup.job(), FolderAccess(tmp_path)).item_count == 120
    again = Backup(tmp_path, *several(4, 30), [item("3-7")])
    assert "1 key is in the backup more than once" in damage(again.job(), FolderAccess(tmp_path))


def test_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them is killed on the way, and its units are run again."""
    monkeypatch.setattr(verify_data, "engine_for", lambda *_, **__: Engine(2, 2))
    backup = Backup(tmp_path, *several(8, 20))
    access = FolderAccess(tmp_path, deadly=backup.files[3].key)
    assert verify(backup.job(), access).item_count == 160
    assert (tmp_path / "deaths").read_text() == "xx"
    again = Backup(tmp_path, *several(8, 20), [item("7-7"), item(8, x={"N": SECRET})])
    assert damage(again.job(), access).startswith("1 line in 1 of 9 data files is not a valid")


def finished_files(directory: Path, backup: Backup) -> set[str]:
    """The keys of the files that the ledger of a verification calls read."""
    lines = [json.loads(line) for line in (directory / "ledger.jsonl").read_bytes().splitlines() if line]
    units = cut_into_units(backup.files)
    return {file.key for each in lines[1:] for file in units[each["number"]].files}


def test_an_interrupted_verification_is_continued(tmp_path: Path) -> None:
    """What was read is not read again, and its keys still count."""
    backup = Backup(tmp_path, *several(8, 20), [item("0-0")])
    stop = threading.Event()
    read: list[str] = []

    class Counting(FolderAccess):
        def objects(self) -> Any:
            objects = super().objects()
            stream = objects.stream

            def counted(bucket: str, key: str, *, owner: str | None = None) -> Any:
                read.append(key)
                if len(read) == 7:
                    stop.set()
                return stream(bucket, key, owner=owner)

            objects.stream = counted  # type: ignore[method-assign]  # counts what is read
            return objects

    access = Counting(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify_data, "_THREADS_ALONE", 1)
        with pytest.raises(Stopped):
            verify(backup.job(), access, stop=stop)
        finished = finished_files(tmp_path / "state", backup)
        assert finished
        read.clear()
        assert "1 key is in the backup more than once" in damage(backup.job(), access)
    assert not finished & set(read[: len(backup.files) - len(finished)])


@pytest.mark.parametrize("change", ["older", "other size", "digests lost", "other level", "torn"])
def test_what_does_not_count_any_more_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A verification says what the data is today, and only of these files."""
    backup = Backup(tmp_path, *several(6, 20), [item("0-0")])
    message = damage(backup.job(), FolderAccess(tmp_path))  # leaves its findings behind
    kept = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert kept == ["00000000.keys", "00000001.keys", "00000002.keys", "ledger.jsonl"]
    notes: list[Progress] = []
    job = backup.job()
    expected = 0
    if change == "older":
        monkeypatch.setattr("ddbbackup.bulk.verify_ledger.MAX_AGE_SECONDS", -1.0)
    elif change == "other size":
        path = tmp_path / backup.files[0].key
        job = replace(job, files=(backup.write(0, [item("0-0"), item("x")]), *job.files[1:]))
        assert path.exists()
    elif change == "digests lost":
        (tmp_path / "state" / "00000001.keys").unlink()
        expected = 2
    elif change == "other level":
        job = backup.job("checksums")
    else:
        ledger = tmp_path / "state" / "ledger.jsonl"
        ledger.write_bytes(ledger.read_bytes()[:-9])
        expected = 2
    continued = sum(unit.size_bytes for unit in verify_units.cut_into_units(job.files)[:expected])
    if job.level == "checksums":
        assert verify(job, FolderAccess(tmp_path)).continued_bytes == 0
    else:
        with pytest.raises(DataIncomplete, match=message.partition(",")[0]):
            verify(job, FolderAccess(tmp_path), notes=notes)
        if change in ("older", "other size"):
            assert notes[0].done <= (job.files[0].size_bytes or 0) * 3
        else:
            assert notes[0].done >= min(unit.size_bytes for unit in verify_units.cut_into_units(job.files))
            assert continued > 0


def test_two_runs_do_not_verify_the_same_backup_at_once(tmp_path: Path) -> None:
    """They would write over each other's findings."""
    backup = Backup(tmp_path, *several(2))
    inner: list[DdbBackupError] = []

    class Twice(FolderAccess):
        def objects(self) -> Any:
            try:
                verify(backup.job(), FolderAccess(tmp_path))
            except DdbBackupError as error:
                inner.append(error)
            return super().objects()

    verify(backup.job(), Twice(tmp_path))
    assert [type(error) for error in inner] == [Refused]


def test_processes_that_keep_dying_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few of them."""
    monkeypatch.setattr(verify_data, "engine_for", lambda *_, **__: Engine(2, 1))
    monkeypatch.setattr(unit_engine, "MAX_DEATHS", 0)
    backup = Backup(tmp_path, *several(8, 2))
    with pytest.raises(StepFailed, match="1 worker processes in a row died"):
        verify(backup.job(), FolderAccess(tmp_path, deadly=backup.files[0].key))
