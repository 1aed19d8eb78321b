"""No item is lost or changed, whatever fails on the way; a sink that remembers every byte is the witness."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk import open_ledger, units, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, Stopped, WriteJob, WriteResult
from ddbbackup.errors import AccessDenied, DataIncomplete, Refused, Throttled, Unreachable
from ddbbackup.model.progress import Progress
from ddbbackup.ports import KeyAttribute
from tests.support.aws import KEY, REGION, SECRET, Aws, in_order
from tests.support.fault_proxy import FaultProxy, Rule
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.sink import THROTTLE, Sink

RESTORE = RestoreIdentity("a random text", "the table")
LINES = [
    json.dumps(
        {"Item": {"id": {"S": f"{n}"}, "n": {"N": f"{n}.50"}, "b": {"B": "AP8="}, "u": {"S": "\u2028🎉"}}}
    ).encode()
    for n in range(6000)
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()
    monkeypatch.setattr(units, "MIN_BYTES_PER_WORKER", 1)  # so that little data gets two workers


def files_of(aws: Aws, bucket: str, count: int, lines: Sequence[bytes] = LINES) -> tuple[DataFile, ...]:
    """The data files of an export of these lines, split into ``count`` files."""
    each = -(-len(lines) // count)
    uri = aws.put_export(bucket, [lines[i : i + each] for i in range(0, len(lines), each)])
    root = uri.removeprefix(f"s3://{bucket}/")
    manifest = [json.loads(entry) for entry in aws.read(bucket, f"{root}manifest-files.json").splitlines()]
    return tuple(
        DataFile(
            bucket,
            entry["dataFileS3Key"],
            entry["md5Checksum"],
            entry["itemCount"],
            size_bytes=len(aws.read(bucket, entry["dataFileS3Key"])),
        )
        for entry in manifest
    )


def write(
    aws: Aws,
    url: str,
    files: tuple[DataFile, ...],
    directory: Path,
    *,
    stop: threading.Event | None = None,
    on_progress: object = None,
    **members: object,
) -> WriteResult:
    """Writes the items of these files to the DynamoDB at ``url``."""
    target = Connection(region=REGION, endpoint_urls=(("dynamodb", url), ("s3", aws.s3_url)))
    job = WriteJob(files, "t", (KeyAttribute("id", "HASH", "S"),), directory, **members)  # type: ignore[arg-type]
    access = AwsBulkAccess(target=target, source=target)
    progress = on_progress or (lambda _: None)
    with open_ledger(directory, RESTORE) as ledger:
        return write_items(
            job,
            access=access,
            ledger=ledger,
            on_progress=progress,  # type: ignore[arg-type]
            stop=stop or threading.Event(),
        )


@pytest.mark.parametrize("existing", ["overwrite", "keep"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_arrives_unchanged_despite_faults(
    sandbox: Aws, bucket: str, tmp_path: Path, existing: str, workers: int
) -> None:
    """5% each of unprocessed items, throttling, 5xx, connection resets and transaction conflicts."""
    sink = Sink(unprocessed=0.05, throttled=0.05, busy=0.05, resets=0.05, conflicts=0.05)
    lines = LINES if existing == "overwrite" else LINES[:1500]
    files = files_of(sandbox, bucket, 7, lines)
    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(sandbox, proxy.url, files, tmp_path, workers=workers, existing=existing)
    assert sink.lines == set(lines)
    assert (result.written, result.kept, result.rejected) == (len(lines), 0, 0)
    assert result.throttled > 0
    expected = {"reset", "busy", "throttle", "conflict"} | (
        {"unprocessed"} if existing == "overwrite" else set()
    )
    assert set(sink.faults) == expected


def test_a_lost_response_loses_no_item(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The server has written the batch; the same content is put again."""
    sink = Sink()
    numbers = iter(range(10_000))

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        response = sink(operation, body)
        return (-1, b"") if next(numbers) % 10 == 0 else response

    with FaultProxy("http://127.0.0.1:9", rule) as proxy:
        result = write(sandbox, proxy.url, files_of(sandbox, bucket, 3), tmp_path)
    assert sink.lines == set(LINES)
    assert sink.puts > len(LINES)
    assert result.written == len(LINES)


def test_a_killed_worker_is_replaced_and_its_units_are_repeated(
    sandbox: Aws, bucket: str, tmp_path: Path
) -> None:
    """SIGKILL to one of two: the restore is complete, and every item counts once."""
    sink = Sink()
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        children = multiprocessing.active_children()
        if progress.done > 1000 and not killed and children:
            killed.append(children[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(
            sandbox,
            proxy.url,
            files_of(sandbox, bucket, 12),
            tmp_path,
            workers=2,
            write_units_per_second=3000,
            on_progress=kill_one,
        )
    assert killed
    assert sink.lines == set(LINES)
    assert result.written == len(LINES)
    assert not multiprocessing.active_children()


def test_a_stopped_run_is_resumed(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The ledger holds the finished files; the second run reads only the others."""
    sink, stop = Sink(), threading.Event()
    files = files_of(sandbox, bucket, 40)  # many more than two workers open at a time

    def stop_half_way(progress: Progress) -> None:
        if progress.done > 3000:
            stop.set()

    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        started = time.monotonic()
        with pytest.raises(Stopped):
            write(
                sandbox,
                proxy.url,
                files,
                tmp_path,
                write_units_per_second=2000,
                stop=stop,
                on_progress=stop_half_way,
            )
        assert time.monotonic() - started < 10
        before = sink.puts
        result = write(sandbox, proxy.url, files, tmp_path)
    assert 0 < result.resumed_files < 40
    assert sink.lines == set(LINES)
    assert result.written == len(LINES)
    assert sink.puts - before < len(LINES)


@pytest.mark.parametrize("workers", [1, 2])
def test_expired_credentials_are_reloaded_during_a_run(
    sandbox: Aws, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """The user signs in again while the restore runs. Without a new sign-in, access is denied."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    text = "[default]\naws_access_key_id = k\naws_secret_access_key = s\naws_session_token = {}\n"
    file.write_text(text.format("one"))
    sink = Sink()

    requests = iter(range(100_000))

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if next(requests) == 50:
            file.write_text(text.format("two"))
            kind = b"com.amazon.coral.service#ExpiredTokenException"
            return (400, b'{"__type":"' + kind + b'","message":"The security token is expired"}')
        return sink(operation, body)

    files = files_of(sandbox, bucket, 3)
    with FaultProxy("http://127.0.0.1:9", rule) as proxy:
        result = write(sandbox, proxy.url, files, tmp_path / "a", workers=workers)
        assert (sink.lines, result.written) == (set(LINES), len(LINES))

        def always_expired(operation: str, body: bytes) -> tuple[int, bytes] | None:
            kind = b"com.amazon.coral.service#ExpiredTokenException"
            return (400, b'{"__type":"' + kind + b'","message":"The security token is expired"}')

    with (
        FaultProxy("http://127.0.0.1:9", always_expired) as proxy,
        pytest.raises(AccessDenied, match="expired"),
    ):
        write(sandbox, proxy.url, files, tmp_path / "b")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (THROTTLE, Throttled),
        ((503, b"<html>busy</html>"), Unreachable),
        ((-1, b""), Unreachable),
    ],
)
def test_a_run_without_progress_fails(
    sandbox: Aws, bucket: str, tmp_path: Path, response: tuple[int, bytes], expected: type[Exception]
) -> None:
    """After the stall timeout, with the cause; a later run resumes."""
    rule: Rule = lambda operation, body: response  # noqa: E731
    with (
        FaultProxy("http://127.0.0.1:9", rule) as proxy,
        pytest.raises(expected, match="no item could be written"),
    ):
        write(
            sandbox, proxy.url, files_of(sandbox, bucket, 2, LINES[:200]), tmp_path, stall_timeout_seconds=1.0
        )


def test_a_table_that_rejects_every_item_ends_the_run(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """If the first thousand items are all rejected, the items are not the cause."""

    def reject_all(operation: str, body: bytes) -> tuple[int, bytes] | None:
        return (400, b'{"__type":"x#ValidationException","message":"never"}')

    with (
        FaultProxy("http://127.0.0.1:9", reject_all) as proxy,
        pytest.raises(Refused, match="rejected all of the first 1 000 items"),
    ):
        write(sandbox, proxy.url, files_of(sandbox, bucket, 2), tmp_path)


def test_one_invalid_item_among_many_is_found_by_bisection(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The server rejects each request that contains it; all other items are written."""
    sink = Sink()

    def reject_4711(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if b'"S": "4711"' in body:
            return (400, b'{"__type":"x#ValidationException","message":"bad value 4711 in item"}')
        return sink(operation, body)

    with FaultProxy("http://127.0.0.1:9", reject_4711) as proxy:
        result = write(sandbox, proxy.url, files_of(sandbox, bucket, 2), tmp_path)
    assert (result.written, result.rejected) == (len(LINES) - 1, 1)
    assert sink.lines == set(LINES) - {LINES[4711]}
    assert result.reasons == (("ValidationException (text withheld: it may hold item data)", 1),)
    assert result.rejects_file is not None
    (saved,) = [json.loads(each) for each in result.rejects_file.read_text().splitlines()]
    assert saved["line"] == json.loads(LINES[4711])
    assert saved["reason"] == "ValidationException: bad value 4711 in item"


def test_files_are_interleaved(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """A file is a key range of one partition, so items of several files are written from the start."""
    sink = Sink()
    seen: list[int] = []

    def record_file(operation: str, body: bytes) -> tuple[int, bytes] | None:
        requests = next(iter(json.loads(body)["RequestItems"].values()))
        seen.append(int(requests[0]["PutRequest"]["Item"]["id"]["S"]) // 1000)
        return sink(operation, body)

    with FaultProxy("http://127.0.0.1:9", record_file) as proxy:
        write(sandbox, proxy.url, files_of(sandbox, bucket, 6), tmp_path, workers=1)
    assert len(set(seen[: len(seen) // 3])) >= 3
    assert set(seen) == set(range(6))


def test_a_second_run_of_the_same_restore_is_refused(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """While the first one runs, and without touching its state."""
    files = files_of(sandbox, bucket, 2)
    rejects_dir = tmp_path / "rejects"
    second: list[Exception] = []

    with FaultProxy("http://127.0.0.1:9", Sink()) as proxy:

        def start_second_run(_: Progress) -> None:
            if not second:
                marker = rejects_dir / "of-the-first-run"
                marker.touch()
                with pytest.raises(Refused, match="another run") as caught:
                    write(sandbox, proxy.url, files, tmp_path)
                second.append(caught.value)
                assert marker.exists()

        result = write(sandbox, proxy.url, files, tmp_path, on_progress=start_second_run)
    assert second
    assert result.written == len(LINES)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_large_file_is_split_among_workers(
    sandbox: Aws, bucket: str, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line is in exactly one part, and a wrong item count is still detected."""
    monkeypatch.setattr(units, "MIN_SPLIT_BYTES", 1)
    sink = Sink()
    lines = [
        LINES[n % len(LINES)].replace(b'"id": {"S": "', b'"id": {"S": "%d-' % (n // len(LINES)))
        for n in range(60_000)
    ]
    files = files_of(sandbox, bucket, 1, lines)
    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(sandbox, proxy.url, files, tmp_path / "a", workers=workers)
        assert sink.lines == set(lines)
        assert (result.written, result.files) == (len(lines), 1)
        wrong_count = (
            DataFile(files[0].bucket, files[0].key, files[0].md5, 59_999, size_bytes=files[0].size_bytes),
        )
        with pytest.raises(DataIncomplete, match="60 000 items, but the manifest says 59 999"):
            write(sandbox, proxy.url, wrong_count, tmp_path / "b", workers=workers)


def test_write_units_per_second_are_limited(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """By the consumption that the server reports, summed over all workers."""
    sink = Sink()

    def two_units_per_item(operation: str, body: bytes) -> tuple[int, bytes] | None:
        assert b'"ReturnConsumedCapacity":"TOTAL"' in body
        count = len(json.loads(body)["RequestItems"]["t"])
        sink(operation, body)
        response = {
            "UnprocessedItems": {},
            "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 2.0 * count}],
        }
        return (200, json.dumps(response).encode())

    with FaultProxy("http://127.0.0.1:9", two_units_per_item) as proxy:
        started = time.monotonic()
        files = files_of(sandbox, bucket, 8)
        result = write(sandbox, proxy.url, files, tmp_path, workers=2, write_units_per_second=4000)
        seconds = time.monotonic() - started
    assert result.consumed_write_units == 2.0 * len(LINES)
    assert seconds > 0.8 * (2 * len(LINES) / 4000)


@pytest.mark.parametrize("optimize", ["", "1"])
def test_responses_of_an_unknown_shape_lose_no_item(
    sandbox: Aws, bucket: str, name: str, program: Program, optimize: str
) -> None:
    """Every second response is one. Under `python -O` too, which removes assert statements."""
    unknown = [
        b"[]",
        b"null",
        b'"written"',
        b"{}",
        b'{"UnprocessedItems":{"t":[{"DeleteRequest":{"Key":{"id":{"S":"1"}}}}]}}',
        b'{"UnprocessedItems":[]}',
        b"<html>written</html>",
    ]
    turns = itertools.count()

    def every_second(operation: str, body: bytes) -> tuple[int, bytes] | None:
        turn = next(turns) if operation == "BatchWriteItem" else 1
        return None if turn % 2 else (200, unknown[turn // 2 % len(unknown)])

    sandbox.create_table(name)
    uri = sandbox.put_export(bucket, [LINES[:300], LINES[300:600]])
    with FaultProxy(sandbox.url, every_second) as proxy:
        restore = {"table": "gone", "from": {"s3_uri": uri}, "to": {"table": name}}
        behind_proxy = Aws(proxy.url, sandbox.s3_url)
        program.plan(plan(behind_proxy, bucket, tables=[{"name": "gone"}], restores={"back": restore}))
        done = program.run_process("restore", "back", PYTHONOPTIMIZE=optimize)
    assert done.code == 0, done.err
    assert next(turns) > 2 * len(unknown)
    assert sandbox.items(name) == in_order(json.loads(line)["Item"] for line in LINES[:600])
