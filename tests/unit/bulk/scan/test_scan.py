"""Scans from a table in memory into a bucket in memory: whole, in files that hold, and resumed wherever they died."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.export_writing import data_file_name
from ddbbackup.archive.layout import ExportFolder
from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.scan import ScanJob, ScanResult, data_file, progress, read_limit, scan_table
from ddbbackup.bulk.scan.read_limit import ReadLimit
from ddbbackup.bulk.scan.run import full_file_bytes, segment_count
from ddbbackup.catalog.exports import open_export
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DataIncomplete,
    DdbBackupError,
    Refused,
    TableMissing,
    Throttled,
    Unreachable,
)
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.progress import Progress
from ddbbackup.ports import BulkOperation, KeyAttribute
from tests.support.memory import MemoryObjects
from tests.support.memory_table import TABLE, MemoryAccess, MemoryTable

ARN = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{TABLE}"
ROOT = "vault/AWSDynamoDB/01764000000000-0badcafe/"
BEGUN = datetime(2026, 11, 23, 14, tzinfo=UTC)
JOB = ScanJob(
    table=TABLE,
    table_arn=ARN,
    table_id="11111111-0000-0000-0000-000000000000",
    keys=(KeyAttribute("id", "HASH", "S"),),
    export_id="01764000000000-0badcafe",
    folder=ExportFolder("vault", ROOT),
    started_at=BEGUN,
    encryption=Encryption(),
    bucket_owner="123456789012",
    concurrency=2,
    stall_timeout_seconds=0.2,
)
ITEMS = [{"id": {"S": f"item-{number}"}, "n": {"N": str(number)}} for number in range(40)]


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is a file of its own, and is saved at once."""
    monkeypatch.setattr(data_file, "MAX_OPEN_SECONDS", 0.0)
    monkeypatch.setattr(progress, "SAVE_SECONDS", 0.001)


def no_sleep(seconds: float) -> None:
    """Nobody waits in these tests."""


def scan(
    objects: Any,
    respond: Callable[[BulkOperation, bytes], tuple[int, bytes]],
    job: ScanJob = JOB,
    *,
    access: MemoryAccess | None = None,
    stop: threading.Event | None = None,
    seen: list[Progress] | None = None,
    sleep: Callable[[float], None] = no_sleep,
    at: datetime = BEGUN + timedelta(minutes=7),
) -> ScanResult:
    def on_progress(progress: Progress) -> None:
        if seen is not None:
            seen.append(progress)

    return scan_table(
        job,
        access=access or MemoryAccess(objects, respond),
        on_progress=on_progress,
        stop=stop or threading.Event(),
        now=lambda: at,
        sleep=sleep,
    )


def test_the_clock_may_be_behind_that_of_the_machine_that_began() -> None:
    """Or be set back during the scan: the data still covers no time before the start."""
    objects = MemoryObjects()
    result = scan(objects, table().respond, at=BEGUN - timedelta(seconds=5))
    assert (result.started_at, result.ended_at) == (BEGUN, BEGUN)
    assert_whole(objects)


def table(items: Iterable[dict[str, Any]] = ITEMS) -> MemoryTable:
    return MemoryTable(items)


def assert_whole(objects: MemoryObjects, items: Iterable[dict[str, Any]] = ITEMS) -> None:
    """The folder is an export that holds each item once, and nothing else lies in it."""
    opened = open_export(objects, JOB.folder, owner=None)
    lines = [line for file in opened.files for line in gzip.decompress(objects.bodies[file.key]).split(b"\n")]
    found = sorted((json.loads(line)["Item"] for line in lines if line), key=lambda item: str(item["id"]))
    assert found == sorted(items, key=lambda item: str(item["id"]))
    assert {file.key for file in opened.files} == {key for key in objects.bodies if "/data/" in key}
    assert objects.parts == {}


def assert_recorded(objects: MemoryObjects) -> None:
    """No data file is an object before the progress lists it: nobody would know of it, but imports read it."""
    state = json.loads(objects.bodies.get(f"{ROOT}_scan.json", b'{"files": []}'))
    recorded = {
        f"{ROOT}data/{data_file_name(JOB.export_id, segment, ordinal)}"
        for segment, files in enumerate(state["files"])
        for ordinal in range(len(files))
    }
    assert {key for key in objects.bodies if "/data/" in key} <= recorded


def test_a_scan_is_an_export_in_the_layout_of_aws() -> None:
    """Names, members, hashes and ETags as in exports of DynamoDB."""
    objects = MemoryObjects()
    seen: list[Progress] = []
    result = scan(objects, table().respond, seen=seen)
    assert_whole(objects)
    data = sorted(key for key in objects.bodies if "/data/" in key)
    assert all(len(key.removeprefix(f"{ROOT}data/")) == len("x" * 26 + ".json.gz") for key in data)
    assert sorted(objects.bodies.keys() - set(data)) == [
        f"{ROOT}_scan.json",
        f"{ROOT}_started",
        f"{ROOT}manifest-files.json",
        f"{ROOT}manifest-files.md5",
        f"{ROOT}manifest-summary.json",
        f"{ROOT}manifest-summary.md5",
    ]
    entries = [json.loads(line) for line in objects.bodies[f"{ROOT}manifest-files.json"].splitlines()]
    assert [list(entry) for entry in entries] == [
        ["itemCount", "md5Checksum", "etag", "dataFileS3Key"]
    ] * len(data)
    assert {entry["dataFileS3Key"]: f'"{entry["etag"]}"' for entry in entries} == {
        facts.key: facts.etag for facts in objects.keys("vault", f"{ROOT}data/")
    }
    assert all(entry["etag"].endswith("-1") for entry in entries)
    summary = json.loads(objects.bodies[f"{ROOT}manifest-summary.json"])
    assert summary == {
        "version": "2020-06-30",
        "exportArn": f"{ARN}/export/01764000000000-0badcafe",
        "startTime": "2026-11-23T14:00:00.000Z",
        "endTime": "2026-11-23T14:07:00.000Z",
        "tableArn": ARN,
        "tableId": JOB.table_id,
        "exportTime": "2026-11-23T14:00:00.000Z",
        "s3Bucket": "vault",
        "s3Prefix": "vault",
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{ROOT}manifest-files.json",
        "billedSizeBytes": 0,
        "itemCount": 40,
        "outputFormat": "DYNAMODB_JSON",
        "ddbbackup": {
            "madeBy": "scan",
            "readFrom": "2026-11-23T14:00:00+00:00",
            "readTo": "2026-11-23T14:07:00+00:00",
        },
    }
    assert result == ScanResult(
        started_at=BEGUN,
        ended_at=BEGUN + timedelta(minutes=7),
        manifest_key=f"{ROOT}manifest-summary.json",
        item_count=40,
        file_count=len(data),
        size_bytes=sum(len(objects.bodies[key]) for key in data),
        segments=4,
        resumed_files=0,
        consumed_read_units=40.0,
        throttled=0,
    )
    assert (seen[-1].done, seen[-1].unit, seen[-1].detail["read_units"]) == (40, "items", 40)


def test_every_request_reads_consistently_and_asks_for_its_cost() -> None:
    """An item that was there before the scan began must not be missing because a replica lags."""
    access = MemoryAccess(objects := MemoryObjects(), table().respond)
    scan(objects, table().respond, access=access)
    requests = [json.loads(body) for _, body in access.sent]
    assert all(
        (each["ConsistentRead"], each["ReturnConsumedCapacity"], each["TotalSegments"]) == (True, "TOTAL", 4)
        for each in requests
    )
    assert {each["Segment"] for each in requests} == {0, 1, 2, 3}


def test_objects_are_encrypted_as_the_destination_says() -> None:
    """Data files, manifests and the progress: a bucket policy may refuse anything else."""
    encryption = Encryption("KMS", "alias/vault")
    scan(objects := MemoryObjects(), table().respond, replace(JOB, encryption=encryption))
    assert set(objects.encryptions.values()) == {encryption}
    assert objects.encryptions.keys() == objects.bodies.keys()


def test_a_large_file_has_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the table is so large that files of one part would be too many."""
    monkeypatch.setattr(data_file, "MAX_OPEN_SECONDS", 300.0)
    monkeypatch.setattr(data_file, "gzip_compressor", _Uncompressed)
    items = [{"id": {"S": str(number)}, "text": {"S": "x" * (3 << 20)}} for number in range(20)]
    huge = replace(JOB, size_bytes=5 << 40, concurrency=1)
    monkeypatch.setattr("ddbbackup.bulk.scan.run.segment_count", lambda size_bytes: 1)
    result = scan(objects := MemoryObjects(), MemoryTable(items).respond, huge)
    entries = [json.loads(line) for line in objects.bodies[f"{ROOT}manifest-files.json"].splitlines()]
    assert [entry["etag"][-2:] for entry in entries] == ["-7"]
    assert result.item_count == 20


class _Uncompressed:
    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b"end"


@pytest.mark.parametrize(
    ("size_bytes", "segments", "file_mib"),
    [
        (0, 4, 5),
        (1, 1, 5),
        (33 << 20, 2, 5),
        (1 << 30, 16, 5),
        (8 << 30, 32, 5),
        (1 << 40, 512, 13),
        (10 << 40, 512, 131),
    ],
)
def test_the_size_of_the_table_decides_how_it_is_cut(size_bytes: int, segments: int, file_mib: int) -> None:
    """Enough segments to read many at a time, few enough files to import them."""
    assert segment_count(size_bytes) == segments
    assert full_file_bytes(size_bytes) >> 20 == file_mib


# ---- what goes wrong


ERROR = "com.amazonaws.dynamodb.v20120810#"


def failing(times: int, code: str, status: int = 400) -> Callable[[BulkOperation, bytes], tuple[int, bytes]]:
    """A table whose first answers are this error."""
    left, inner, lock = [times], table(), threading.Lock()

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        with lock:
            left[0] -= 1
            fails = left[0] >= 0
        return (
            (status, json.dumps({"__type": ERROR + code}).encode())
            if fails
            else inner.respond(operation, body)
        )

    return respond


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "InternalServerError", "RequestLimitExceeded"]
)
def test_what_passes_is_asked_again(code: str) -> None:
    """Throttling, and failures of the service."""
    result = scan(objects := MemoryObjects(), failing(3, code))
    assert_whole(objects)
    assert result.throttled == (0 if code == "InternalServerError" else 3)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceNotFoundException", TableMissing),
        ("AccessDeniedException", AccessDenied),
        ("UnrecognizedClientException", AccessDenied),
        ("ExpiredTokenException", AccessDenied),
        ("ValidationException", Refused),
        ("ProvisionedThroughputExceededException", Throttled),
        ("InternalServerError", Unreachable),
    ],
)
def test_what_does_not_pass_ends_the_scan(code: str, error: type[DdbBackupError]) -> None:
    """With an error that names the table, and no manifest: the folder is no export."""
    with pytest.raises(error) as raised:
        scan(objects := MemoryObjects(), failing(10**6, code))
    assert "restore" not in raised.value.message + raised.value.hint
    assert not any("manifest" in key for key in objects.bodies)
    assert objects.parts == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page | {"Count": page["Count"] + 1},
        lambda page: page | {"Items": page["Items"][1:]},
        lambda page: {name: value for name, value in page.items() if name != "Items"},
        lambda page: page | {"LastEvaluatedKey": {"id": {"N": "1"}}},
        lambda page: page | {"ConsumedCapacity": {"TableName": "another"}},
    ],
)
def test_a_page_that_proves_nothing_is_read_again(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """One bad response changes nothing."""
    inner, bad = table(), iter([True, False, True] + [False] * 100)

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        status, page = inner.respond(operation, body)
        return status, json.dumps(change(json.loads(page))).encode() if next(bad) else page

    scan(objects := MemoryObjects(), respond, replace(JOB, concurrency=1))
    assert_whole(objects)


def test_a_segment_that_does_not_move_on_is_not_scanned_forever() -> None:
    """A server that returns the key that it was sent."""

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        page = {"Count": 0, "ScannedCount": 0, "Items": [], "LastEvaluatedKey": {"id": {"S": "a"}}}
        return 200, json.dumps(page).encode()

    with pytest.raises(Unreachable, match="no item of t could be read"):
        scan(MemoryObjects(), respond)


class _Clock(threading.Event):
    """Time that passes while the limit waits."""

    now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.now += max(timeout, 1e-6)
        return self.is_set()


def test_reading_keeps_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over time, whatever the first pages turn out to cost; a throttled request counts too."""
    clock = _Clock()
    monkeypatch.setattr(read_limit, "time", SimpleNamespace(monotonic=lambda: clock.now))
    limit = ReadLimit(100, clock)
    for _ in range(50):
        limit.settle(limit.wait(), 128.5)
    assert limit.consumed == 50 * 128.5
    assert 49 * 1.285 <= clock.now <= 51 * 1.285 + 2.56
    before = clock.now
    for _ in range(10):
        limit.give_back(limit.wait(), throttled=True)
    assert limit.throttled == 10
    assert clock.now - before > 9 * 1.285
    for _ in range(100):
        limit.give_back(limit.wait(), throttled=False)
    assert clock.now - before < 16


def test_a_stopped_scan_does_not_wait_for_its_limit() -> None:
    """Not even if the next page may be read in an hour."""
    stop = threading.Event()
    limit = ReadLimit(1, stop)
    limit.wait()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Stopped):
        limit.wait()


# ---- interrupted scans


class Mortal:
    """The bucket ``store`` until call number ``dies_at``, which takes effect or not. Then nothing works any more."""

    def __init__(self, store: MemoryObjects, dies_at: int, *, dies_after: bool) -> None:
        self._store, self._dies_at, self._dies_after = store, dies_at, dies_after
        self._calls = 0
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*arguments: Any, **more: Any) -> Any:
            with self._lock:
                self._calls += 1
                if self._calls > self._dies_at + self._dies_after:
                    raise Unreachable("killed", hint="-")
                result = method(*arguments, **more)
                result = list(result) if hasattr(result, "__next__") else result
                if self._calls > self._dies_at:
                    raise Unreachable("killed", hint="-")
                return result

        return call


@settings(max_examples=60, deadline=None)
@given(dies_at=st.lists(st.integers(0, 130), min_size=1, max_size=3), dies_after=st.booleans())
def test_a_scan_that_is_killed_anywhere_is_taken_up(dies_at: list[int], dies_after: bool) -> None:
    """At any request to S3, before or after it took effect, again and again: in the end each item is there once."""
    store, source = MemoryObjects(), table()
    for number in dies_at:
        try:
            scan(Mortal(store, number, dies_after=dies_after), source.respond)
        except DdbBackupError:
            assert_recorded(store)
            continue
        break
    scan(store, source.respond)
    assert_whole(store)


def test_finished_files_are_not_read_again() -> None:
    """A page that is in a file that the bucket holds has been paid for."""
    store, source = MemoryObjects(), table()
    first, second = MemoryAccess(store, source.respond), MemoryAccess(store, source.respond)
    stop = threading.Event()

    def stop_after_ten(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        if len(first.sent) > 10:
            stop.set()
            stop.wait(0.3)
        return source.respond(operation, body)

    first._respond = stop_after_ten
    with pytest.raises(Stopped):
        scan(store, source.respond, access=first, stop=stop)
    result = scan(store, source.respond, access=second)
    assert_whole(store)
    assert result.resumed_files > 0
    assert {body for _, body in first.sent} & {body for _, body in second.sent} == set()


def kept_state(change: Callable[[dict[str, Any]], Any]) -> tuple[MemoryObjects, MemoryTable]:
    """A scan that was finished, with its state changed by somebody."""
    store, source = MemoryObjects(), table()
    scan(store, source.respond)
    for key in [key for key in store.bodies if "manifest" in key]:
        del store.bodies[key]
    state = json.loads(store.bodies[f"{ROOT}_scan.json"])
    store.bodies[f"{ROOT}_scan.json"] = json.dumps(change(state) or state).encode()
    return store, source


def _set_file(state: dict[str, Any], **members: Any) -> None:
    state["files"][0][0] |= members


@pytest.mark.parametrize(
    "change",
    [
        lambda state: [],
        lambda state: state.update(files=[]),
        lambda state: state.update(table_id="another"),
        lambda state: state.update(table_arn="another"),
        lambda state: state.update(export_id="another"),
        lambda state: _set_file(state, item_count=-1),
        lambda state: _set_file(state, size_bytes=1),
        lambda state: _set_file(state, etag="0" * 32 + "-1"),
        lambda state: _set_file(state, next_key={"id": {"N": "1"}}),
        lambda state: _set_file(state, next_key=None) if len(state["files"][0]) > 1 else [],
        lambda state: _set_file(state, upload={"id": "forged", "parts": []}, etag="x"),
        lambda state: _set_file(state, upload={"id": "forged", "parts": [{"etag": "x", "crc32": "x"}]}),
        lambda state: state["files"][0].pop(),
    ],
)
def test_a_state_counts_as_far_as_the_bucket_proves_it(change: Callable[[dict[str, Any]], Any]) -> None:
    """What is torn, forged or of another scan is read again."""
    store, source = kept_state(change)
    scan(store, source.respond)
    assert_whole(store)


def test_a_data_file_that_was_removed_or_changed_is_read_again() -> None:
    """And whatever follows it in its segment."""
    for change in (lambda body: None, lambda body: body + b"x"):
        store, source = kept_state(lambda state: None)
        key = min(key for key in store.bodies if "/data/" in key)
        changed = change(store.bodies.pop(key))
        if changed is not None:
            store.put("vault", key, changed, content_type="x", encryption=Encryption())
        result = scan(store, source.respond)
        assert_whole(store)
        assert 0 < result.resumed_files < result.file_count


def test_an_object_that_the_scan_did_not_write_is_refused() -> None:
    """An import into a table would read it too."""
    store = MemoryObjects()
    store.put("vault", f"{ROOT}data/other.json.gz", b"", content_type="x", encryption=Encryption())
    with pytest.raises(
        DataIncomplete, match=r"holds an object that the scan did not write: .*other\.json\.gz"
    ):
        scan(store, table().respond)
    assert not any("manifest" in key for key in store.bodies)


def test_uploads_that_a_killed_scan_left_are_aborted() -> None:
    """Their parts are billed until then. Those of other exports are not touched."""
    store, source = MemoryObjects(), table()
    with pytest.raises(Unreachable):
        scan(Mortal(store, 30, dies_after=False), source.respond)
    begin: Any = {"content_type": "x", "encryption": Encryption()}
    other = store.begin_upload("vault", "vault/AWSDynamoDB/01764000000001-0badcafe/data/a", **begin)
    left = store.begin_upload("vault", f"{ROOT}data/a.json.gz", **begin)
    scan(store, source.respond)
    assert left not in store.parts
    assert list(store.parts) == [other]


# ---- two processes


def test_a_scan_that_is_alive_is_not_taken_over() -> None:
    """Its holder renews the document while the other process watches."""
    store, source = kept_state(lambda state: state.update(holder="another"))

    def renew(seconds: float) -> None:
        state = json.loads(store.bodies[f"{ROOT}_scan.json"])
        state["renewals"] += 1
        store.bodies[f"{ROOT}_scan.json"] = json.dumps(state).encode()

    with pytest.raises(Refused, match="another run is scanning t "):
        scan(store, source.respond, sleep=renew)


def test_a_scan_whose_process_is_dead_is_taken_over() -> None:
    """After it has shown no sign of life for half a minute."""
    store, source = kept_state(lambda state: state.update(holder="dead"))
    slept: list[float] = []
    scan(store, source.respond, sleep=slept.append)
    assert_whole(store)
    assert 30 <= sum(slept) < 35


def test_a_process_that_was_taken_over_writes_no_manifest() -> None:
    """It finds out when it saves."""
    store, source = MemoryObjects(), table()
    sent = [0]

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        sent[0] += 1
        if sent[0] == 8:
            state = json.loads(store.bodies[f"{ROOT}_scan.json"])
            state |= {"holder": "another", "renewals": 1000}
            store.bodies[f"{ROOT}_scan.json"] = json.dumps(state).encode()
        return source.respond(operation, body)

    with pytest.raises(Conflict, match="another run has taken over the scan of t"):
        scan(store, respond)
    assert not any("manifest" in key for key in store.bodies)
