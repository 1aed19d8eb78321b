"""The sender with a transport in memory: what happens to each line, and which error ends a job."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.model import Existing
from ddbbackup.bulk.request_format import request_format
from ddbbackup.bulk.sender import Sender
from ddbbackup.bulk.worker_messages import WorkerConfig
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, TableMissing, Throttled, Unreachable
from ddbbackup.ports import BulkOperation, KeyAttribute
from tests.support.aws import line
from tests.support.fake_transport import FakeTransport, Respond

KEYS = (KeyAttribute("id", "HASH", "S"),)
WRITTEN = (200, b'{"UnprocessedItems":{}}')


def lines_of(*ids: str) -> list[bytes]:
    return [line({"id": {"S": each}}) for each in ids]


def ids_in(body: bytes) -> list[str]:
    requests = json.loads(body)["RequestItems"]["t"]
    return [request["PutRequest"]["Item"]["id"]["S"] for request in requests]


def failure(code: str, status: int = 400) -> tuple[int, bytes]:
    return (status, json.dumps({"__type": f"x#{code}", "message": "the reason"}).encode())


class Results:
    """Implements ``sender.ResultObserver``."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rejected_lines: list[tuple[bytes, str]] = []

    def written(self, unit: int, count: int) -> None:
        self.counts["written"] += count

    def kept(self, unit: int) -> None:
        self.counts["kept"] += 1

    def rejected(self, unit: int, line: bytes, reason: str) -> None:
        self.counts["rejected"] += 1
        self.rejected_lines.append((line, reason))


class Job:
    """A sender, its transport, and the results of its lines."""

    def __init__(
        self,
        respond: Respond,
        *,
        existing: Existing = "overwrite",
        stall_timeout_seconds: float = 60.0,
        refreshable: int = 0,
    ) -> None:
        config = WorkerConfig("t", KEYS, existing, Path("/rejects"), False, stall_timeout_seconds)
        self.results = Results()
        self.transport: FakeTransport[Batch] = FakeTransport(respond, refreshable=refreshable)
        formats = request_format(existing, "t", KEYS, count_units=False)
        self.sender = Sender(self.transport, formats, config, self.results, None)

    def run(self, *batches: list[bytes]) -> Counter[str]:
        """Sends the batches and polls until every line has a result."""
        for batch in batches:
            self.sender.send(Batch(0, batch))
        total = sum(map(len, batches))
        while self.results.counts.total() < total:
            self.sender.poll(0.01)
        return self.results.counts


@pytest.mark.parametrize(
    ("response", "error", "hint"),
    [
        (failure("AccessDeniedException"), AccessDenied, "allow dynamodb:BatchWriteItem on the table"),
        (failure("UnrecognizedClientException"), AccessDenied, "check the credentials in use"),
        (failure("InvalidSignatureException"), AccessDenied, "check the credentials in use"),
        (failure("ExpiredTokenException"), AccessDenied, "sign in again"),
        (failure("ResourceNotFoundException"), TableMissing, "check why the table was deleted"),
        (failure("SomethingNew"), Refused, "fix the cause above"),
    ],
)
def test_an_error_that_no_retry_can_fix_ends_the_job(
    response: tuple[int, bytes], error: type[DdbBackupError], hint: str
) -> None:
    """With the reason of AWS, and one thing to do."""
    with pytest.raises(error, match="the reason") as raised:
        Job(lambda operation, body: response).run(lines_of("a"))
    assert raised.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (failure("ThrottlingException"), Throttled),
        (failure("InternalServerError", 500), Unreachable),
        ((200, b"{}"), Unreachable),
        ((0, b"no connection"), Unreachable),
    ],
)
def test_a_job_without_progress_ends_after_the_stall_timeout(
    response: tuple[int, bytes], error: type[DdbBackupError]
) -> None:
    """A cause that may pass is retried until then."""
    job = Job(lambda operation, body: response, stall_timeout_seconds=0.2)
    with pytest.raises(error, match="no item could be written to t for 0 s"):
        job.run(lines_of("a"))
    assert len(job.transport.bodies) > 1


def test_a_request_is_sent_again_with_reloaded_credentials() -> None:
    """Once AWS reports the old ones as expired."""
    responses = iter([failure("ExpiredTokenException"), WRITTEN])
    assert Job(lambda *_: next(responses), refreshable=1).run(lines_of("a", "b")) == {"written": 2}


def test_only_unprocessed_items_are_sent_again() -> None:
    """The others count as written at once."""
    unprocessed = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": {"id": {"S": "b"}}}}]}}
    responses = iter([(200, json.dumps(unprocessed).encode()), WRITTEN])
    job = Job(lambda *_: next(responses))
    assert job.run(lines_of("a", "b", "c")) == {"written": 3}
    assert [ids_in(body) for body in job.transport.bodies] == [["a", "b", "c"], ["b"]]
    assert job.sender.throttled == 1


def test_bisection_finds_the_invalid_item_and_keeps_the_order_of_the_others() -> None:
    """The second half waits for the first one, because both may hold the same key."""
    accepted: list[str] = []

    def reject_c(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        if "c" in ids_in(body):
            return failure("ValidationException")
        accepted.extend(ids_in(body))
        return WRITTEN

    job = Job(reject_c)
    assert job.run(lines_of("a", "b", "c", "d", "e")) == {"written": 4, "rejected": 1}
    assert accepted == ["a", "b", "d", "e"]
    assert job.results.rejected_lines == [(lines_of("c")[0], "ValidationException: the reason")]


def test_invalid_lines_are_rejected_if_the_server_fails_on_them() -> None:
    """Some servers answer malformed JSON with a 5xx; all other lines are written."""

    def fail_on_invalid_json(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        try:
            json.loads(body)
        except ValueError:
            return (500, b"internal error")
        return WRITTEN

    job = Job(fail_on_invalid_json)
    assert job.run([*lines_of("a"), b'{"Item":{"broken}}', *lines_of("b")]) == {"written": 2, "rejected": 1}
    assert job.results.rejected_lines == [(b'{"Item":{"broken}}', "the line is not an exported item")]


def test_existing_items_are_kept() -> None:
    """Each line is a request with a condition; a failed condition means that the key exists."""

    def only_a_exists(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        request = json.loads(body)
        assert (operation, request["ConditionExpression"]) == ("PutItem", "attribute_not_exists(#k)")
        exists = request["Item"]["id"]["S"] == "a"
        return failure("ConditionalCheckFailedException") if exists else (200, b"{}")

    job = Job(only_a_exists, existing="keep")
    assert job.run(lines_of("a"), lines_of("b")) == {"written": 1, "kept": 1}
