"""Nothing is lost and nothing changed, whatever happens on the way: seen by a sink that remembers every byte."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ddbbackup.aws.items import BulkAccess
from ddbbackup.aws.session import Connection, _client, _session
from ddbbackup.bulk import units, write_items
from ddbbackup.bulk.model import DataFile, Stopped, WriteJob, WriteResult
from ddbbackup.errors import AccessDenied, DataNotWhole, Refused, Throttled, Unreachable
from ddbbackup.model.progress import Progress
from ddbbackup.ports import KeyAttribute
from tests.support.aws import KEY, REGION, SECRET, Aws
from tests.support.fault_proxy import FaultProxy, Rule
from tests.support.sink import THROTTLE, Sink

LINES = [
    json.dumps(
        {"Item": {"id": {"S": f"{n}"}, "n": {"N": f"{n}.50"}, "b": {"B": "AP8="}, "u": {"S": "\u2028🎉"}}}
    ).encode()
    for n in range(6000)
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    _session.cache_clear()
    _client.cache_clear()
    monkeypatch.setattr(units, "BYTES_A_WORKER", 1)  # so that small data is worth two workers


def files_of(aws: Aws, bucket: str, count: int, lines: Sequence[bytes] = LINES) -> tuple[DataFile, ...]:
    """The lines as an export of so many files."""
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
    """The bulk writer on these files, against the DynamoDB at ``url``."""
    target = Connection(region=REGION, endpoint_urls=(("dynamodb", url), ("s3", aws.s3_url)))
    job = WriteJob(files, "t", (KeyAttribute("id", "HASH", "S"),), directory, **members)  # type: ignore[arg-type]
    access = BulkAccess(target=target, source=target)
    progress = on_progress or (lambda _: None)
    return write_items(job, access=access, on_progress=progress, stop=stop or threading.Event())  # type: ignore[arg-type]


@pytest.mark.parametrize("existing", ["overwrite", "keep"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_arrives_once_and_unchanged_in_bad_weather(
    sandbox: Aws, bucket: str, tmp_path: Path, existing: str, workers: int
) -> None:
    """5% unprocessed, 5% each of throttles, 5xx, resets and transaction conflicts."""
    sink = Sink(unprocessed=0.05, throttled=0.05, busy=0.05, resets=0.05, conflicts=0.05)
    lines = LINES if existing == "overwrite" else LINES[:1500]
    files = files_of(sandbox, bucket, 7, lines)
    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        result = write(sandbox, proxy.url, files, tmp_path, workers=workers, existing=existing)
    assert sink.lines == set(lines)
    assert (result.written, result.kept, result.rejected) == (len(lines), 0, 0)
    assert result.throttled > 0
    wanted = {"reset", "busy", "throttle", "conflict"} | (
        {"unprocessed"} if existing == "overwrite" else set()
    )
    assert wanted <= set(sink.refused)


def test_an_answer_that_is_lost_is_no_lost_item(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The server wrote the batch and the connection broke: it is put again, with the same content."""
    sink = Sink()
    turn = iter(range(10_000))

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        answer = sink(operation, body)
        return (-1, b"") if next(turn) % 10 == 0 else answer

    with FaultProxy("http://127.0.0.1:9", rule) as proxy:
        result = write(sandbox, proxy.url, files_of(sandbox, bucket, 3), tmp_path)
    assert sink.lines == set(LINES)
    assert sink.puts > len(LINES)
    assert result.written == len(LINES)


def test_a_killed_worker_is_replaced_and_its_files_done_again(
    sandbox: Aws, bucket: str, tmp_path: Path
) -> None:
    """SIGKILL to one of two: the restore ends whole, with every item counted once."""
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


def test_a_stopped_run_goes_on_with_what_is_left(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The ledger knows the finished files; the second run reads only the others."""
    sink, stop = Sink(), threading.Event()
    files = files_of(sandbox, bucket, 40)  # many more than two workers have open at a time

    def stop_half_way(progress: Progress) -> None:
        if progress.done > 3000:
            stop.set()

    with FaultProxy("http://127.0.0.1:9", sink) as proxy:
        begun = time.monotonic()
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
        assert time.monotonic() - begun < 10
        before = sink.puts
        result = write(sandbox, proxy.url, files, tmp_path)
    assert 0 < result.resumed_files < 40
    assert sink.lines == set(LINES)
    assert result.written == len(LINES)
    assert sink.puts - before < len(LINES)


@pytest.mark.parametrize("workers", [1, 2])
def test_expired_credentials_are_renewed_in_mid_run(
    sandbox: Aws, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Somebody signs in again while the restore waits for nobody; without that, exit as access denied."""
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
    ("answer", "expected"),
    [
        (THROTTLE, Throttled),
        ((503, b"<html>busy</html>"), Unreachable),
        ((-1, b""), Unreachable),
    ],
)
def test_patience_ends(
    sandbox: Aws, bucket: str, tmp_path: Path, answer: tuple[int, bytes], expected: type[Exception]
) -> None:
    """Not one item written for as long as it may be: the run fails and can go on later."""
    rule: Rule = lambda operation, body: answer  # noqa: E731
    with FaultProxy("http://127.0.0.1:9", rule) as proxy, pytest.raises(expected, match="not one item"):
        write(sandbox, proxy.url, files_of(sandbox, bucket, 2, LINES[:200]), tmp_path, patience_seconds=1.0)


def test_a_table_that_takes_nothing_is_not_asked_for_ever(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """A thousand refusals without one success are not about the items."""

    def refuse(operation: str, body: bytes) -> tuple[int, bytes] | None:
        return (400, b'{"__type":"x#ValidationException","message":"never"}')

    with FaultProxy("http://127.0.0.1:9", refuse) as proxy, pytest.raises(Refused, match="took none"):
        write(sandbox, proxy.url, files_of(sandbox, bucket, 2), tmp_path)


def test_one_bad_item_among_many_is_found_by_halving(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The server refuses each request that holds it; all others are written."""
    sink = Sink()

    def refuse_some(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if b'"S": "4711"' in body:
            return (400, b'{"__type":"x#ValidationException","message":"bad value 4711 in item"}')
        return sink(operation, body)

    with FaultProxy("http://127.0.0.1:9", refuse_some) as proxy:
        result = write(sandbox, proxy.url, files_of(sandbox, bucket, 2), tmp_path)
    assert (result.written, result.rejected) == (len(LINES) - 1, 1)
    assert sink.lines == set(LINES) - {LINES[4711]}
    assert result.reasons == (("ValidationException: bad value … in item", 1),)
    assert result.rejects_file is not None
    assert json.loads(result.rejects_file.read_text())["line"] == json.loads(LINES[4711])


def test_files_are_written_side_by_side(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """A file is one partition's range of keys: soon after the start, items of several have been written."""
    sink = Sink()
    seen: list[int] = []

    def note_file(operation: str, body: bytes) -> tuple[int, bytes] | None:
        requests = next(iter(json.loads(body)["RequestItems"].values()))
        seen.append(int(requests[0]["PutRequest"]["Item"]["id"]["S"]) // 1000)
        return sink(operation, body)

    with FaultProxy("http://127.0.0.1:9", note_file) as proxy:
        write(sandbox, proxy.url, files_of(sandbox, bucket, 6), tmp_path, workers=1)
    assert len(set(seen[: len(seen) // 3])) >= 3
    assert set(seen) == set(range(6))


def test_two_runs_never_write_the_same_restore(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """The second is refused while the first one runs."""
    files = files_of(sandbox, bucket, 2)
    second: list[Exception] = []

    with FaultProxy("http://127.0.0.1:9", Sink()) as proxy:

        def try_too(_: Progress) -> None:
            if not second:
                with pytest.raises(Refused, match="another run") as caught:
                    write(sandbox, proxy.url, files, tmp_path)
                second.append(caught.value)

        result = write(sandbox, proxy.url, files, tmp_path, on_progress=try_too)
    assert second
    assert result.written == len(LINES)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_large_file_is_shared_by_workers_and_still_whole(
    sandbox: Aws, bucket: str, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file in parts: every line in exactly one of them; a count that lies is found all the same."""
    monkeypatch.setattr(units, "SPLIT_BYTES", 1)
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
        lying = (
            DataFile(files[0].bucket, files[0].key, files[0].md5, 59_999, size_bytes=files[0].size_bytes),
        )
        with pytest.raises(DataNotWhole, match="60000 items, but the manifest says 59999"):
            write(sandbox, proxy.url, lying, tmp_path / "b", workers=workers)


def test_write_units_a_second_are_held(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """By what the server says it consumed, over all workers together."""
    sink = Sink()

    def two_units_an_item(operation: str, body: bytes) -> tuple[int, bytes] | None:
        assert b'"ReturnConsumedCapacity":"TOTAL"' in body
        count = len(json.loads(body)["RequestItems"]["t"])
        sink(operation, body)
        said = {
            "UnprocessedItems": {},
            "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 2.0 * count}],
        }
        return (200, json.dumps(said).encode())

    with FaultProxy("http://127.0.0.1:9", two_units_an_item) as proxy:
        begun = time.monotonic()
        files = files_of(sandbox, bucket, 8)
        result = write(sandbox, proxy.url, files, tmp_path, workers=2, write_units_per_second=4000)
        seconds = time.monotonic() - begun
    assert result.consumed_write_units == 2.0 * len(LINES)
    assert seconds > 0.8 * (2 * len(LINES) / 4000)
