"""The sender with a transport in memory: what happens to each line, and which error ends a job."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.bulk import sender
from ddbbackup.bulk.batch import Batch
from ddbbackup.bulk.model import Existing
from ddbbackup.bulk.rate_control import TokenBucket
from ddbbackup.bulk.rejects import NOT_AN_ITEM
from ddbbackup.bulk.request_format import request_format
from ddbbackup.bulk.sender import Sender
from ddbbackup.bulk.worker_messages import WorkerConfig
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, TableMissing, Throttled, Unreachable
from ddbbackup.ports import BulkOperation, KeyAttribute
from tests.support.aws import line
from tests.support.fake_transport import JSON, FakeTransport, Respond

KEYS = (KeyAttribute("id", "HASH", "S"),)
WRITTEN = (200, b'{"UnprocessedItems":{}}')


def lines_of(*ids: str) -> list[bytes]:
    return [line({"id": {"S": each}}) for each in ids]


def ids_in(body: bytes) -> list[str]:
    requests = json.loads(body)["RequestItems"]["t"]
    return [request["PutRequest"]["Item"]["id"]["S"] for request in requests]


def failure(code: str, status: int = 400, item: dict[str, Any] | None = None) -> tuple[int, bytes]:
    error: dict[str, Any] = {"__type": f"x#{code}", "message": "the 4111 reason"}
    return (status, json.dumps(error if item is None else error | {"Item": item}).encode())


def exists(item: dict[str, Any] | None = None) -> tuple[int, bytes]:
    return failure("ConditionalCheckFailedException", item=item)


class Results:
    """Implements ``sender.ResultObserver``."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rejected_lines: list[tuple[bytes, str, str]] = []
        self.different_lines: list[tuple[bytes, Mapping[str, Any]]] = []

    def written(self, unit: int, count: int) -> None:
        self.counts["written"] += count

    def deleted(self, unit: int, count: int) -> None:
        self.counts["deleted"] += count

    def kept(self, unit: int) -> None:
        self.counts["kept"] += 1

    def equal(self, unit: int) -> None:
        self.counts["equal"] += 1

    def different(self, unit: int, line: bytes, existing: Mapping[str, Any]) -> None:
        self.counts["different"] += 1
        self.different_lines.append((line, existing))

    def rejected(self, unit: int, line: bytes, reason: str, detail: str) -> None:
        self.counts["rejected"] += 1
        self.rejected_lines.append((line, reason, detail))

    def dropped(self, unit: int, count: int) -> None:
        self.counts["dropped"] += count


class Job:
    """A sender, its transport, and the results of its lines."""

    def __init__(
        self,
        respond: Respond,
        *,
        existing: Existing = "overwrite",
        stall_timeout_seconds: float = 60.0,
        keys: tuple[str, ...] = ("key",),
        content_type: bytes = JSON,
        bucket: TokenBucket | None = None,
    ) -> None:
        config = WorkerConfig("t", KEYS, existing, Path("/rejects"), False, stall_timeout_seconds)
        self.results = Results()
        self.transport: FakeTransport[Batch] = FakeTransport(respond, keys=keys, content_type=content_type)
        formats = request_format(existing, "t", KEYS, count_units=False)
        self.sender = Sender(self.transport, formats, config, self.results, bucket)

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
        (failure("SomethingNewException"), Refused, "fix the cause above"),
    ],
)
def test_an_error_that_no_retry_can_fix_ends_the_job(
    response: tuple[int, bytes], error: type[DdbBackupError], hint: str
) -> None:
    """With the error code, and one thing to do. A text of the server that is not known is withheld."""
    with pytest.raises(error, match=r"(Exception|Token) \(text withheld") as raised:
        Job(lambda operation, body: response).run(lines_of("a"))
    assert raised.value.hint.startswith(hint)
    assert "4111" not in raised.value.message


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


def test_a_new_table_may_be_unknown_to_writes_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than that, it was deleted."""
    responses = iter([failure("ResourceNotFoundException")] * 3 + [WRITTEN])
    assert Job(lambda operation, body: next(responses)).run(lines_of("a")) == {"written": 1}

    monkeypatch.setattr(sender, "TABLE_LAG_SECONDS", 0.2)
    with pytest.raises(TableMissing) as raised:
        Job(lambda operation, body: failure("ResourceNotFoundException")).run(lines_of("a"))
    assert raised.value.hint.startswith("check why the table was deleted")


EXPIRED = (
    400,
    b'{"__type":"x#InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"}',
)


def test_a_signature_that_expired_is_made_again_once() -> None:
    """A machine that was suspended may have sent it late. The second time the clock is wrong, and IAM is not."""
    responses = iter([EXPIRED, WRITTEN])
    assert Job(lambda operation, body: next(responses)).run(lines_of("a")) == {"written": 1}

    job = Job(lambda operation, body: EXPIRED)
    with pytest.raises(AccessDenied, match="the clock of this machine is wrong") as raised:
        job.run(lines_of("a"))
    assert raised.value.hint.startswith("synchronize the clock")
    assert len(job.transport.bodies) == 2


def test_a_request_is_sent_again_with_renewed_credentials() -> None:
    """Once AWS reports the old ones as expired."""
    responses = iter([failure("ExpiredTokenException"), WRITTEN])
    assert Job(lambda *_: next(responses), keys=("old", "new")).run(lines_of("a", "b")) == {"written": 2}


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
    withheld = "ValidationException (text withheld: it may hold item data)"
    assert job.results.rejected_lines == [
        (lines_of("c")[0], withheld, "ValidationException: the 4111 reason")
    ]


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
    assert job.results.rejected_lines == [(b'{"Item":{"broken}}', NOT_AN_ITEM, NOT_AN_ITEM)]


def test_existing_items_are_kept() -> None:
    """Each line is a request with a condition; a failed condition means that the key exists."""

    def only_a_exists(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        request = json.loads(body)
        assert (operation, request["ConditionExpression"]) == ("PutItem", "attribute_not_exists(#k)")
        assert request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
        return (
            exists({"id": {"S": "a"}, "n": {"N": "1"}}) if request["Item"]["id"]["S"] == "a" else (200, b"{}")
        )

    job = Job(only_a_exists, existing="keep")
    assert job.run(lines_of("a"), lines_of("b")) == {"written": 1, "kept": 1}


@pytest.mark.parametrize("existing", ["keep", "verify"])
@pytest.mark.parametrize("lost", [(0, b"connection reset"), (200, b"{"), failure("InternalServerError", 500)])
def test_an_item_of_our_own_whose_response_was_lost_counts_as_written(
    existing: Existing, lost: tuple[int, bytes]
) -> None:
    """It was put, the response did not arrive, and the repeated put finds it."""
    responses = iter([lost, exists({"id": {"S": "a"}})])
    assert Job(lambda *_: next(responses), existing=existing).run(lines_of("a")) == {"written": 1}


def test_another_item_with_the_key_is_kept_also_after_a_lost_response() -> None:
    """It is not ours."""
    responses = iter([(0, b"connection reset"), exists({"id": {"S": "a"}, "n": {"N": "1"}})])
    assert Job(lambda *_: next(responses), existing="keep").run(lines_of("a")) == {"kept": 1}


def test_a_throttled_put_is_not_one_of_our_own() -> None:
    """Nothing was written, so the existing item was there before."""
    responses = iter([failure("ThrottlingException"), exists({"id": {"S": "a"}})])
    assert Job(lambda *_: next(responses), existing="keep").run(lines_of("a")) == {"kept": 1}


def test_existing_items_are_compared() -> None:
    """As DynamoDB compares them. A different one is not overwritten, and reported."""
    item = {"id": {"S": "a"}, "n": {"N": "1.50"}, "s": {"NS": ["1", "2"]}}
    same = {"s": {"NS": ["2.0", "1"]}, "n": {"N": "1.5"}, "id": {"S": "a"}}
    other = same | {"n": {"N": "1.6"}}
    assert Job(lambda *_: exists(same), existing="verify").run([line(item)]) == {"equal": 1}
    job = Job(lambda *_: exists(other), existing="verify")
    assert job.run([line(item)]) == {"different": 1}
    assert job.results.different_lines == [(line(item), other)]
    assert len(job.transport.bodies) == 1


@pytest.mark.parametrize("existing", ["keep", "verify"])
def test_an_existing_item_that_the_server_does_not_send_is_read(existing: Existing) -> None:
    """Consistently, by its key."""
    requests: list[tuple[BulkOperation, dict[str, Any]]] = []

    def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        requests.append((operation, json.loads(body)))
        return (
            exists() if operation == "PutItem" else (200, json.dumps({"Item": {"id": {"S": "a"}}}).encode())
        )

    assert Job(respond, existing=existing).run(lines_of("a")).total() == 1
    assert [operation for operation, _ in requests] == ["PutItem", "GetItem"]
    assert requests[1][1] == {"TableName": "t", "Key": {"id": {"S": "a"}}, "ConsistentRead": True}


def test_an_item_that_exists_for_the_condition_only_is_put_again() -> None:
    """It was deleted in between, or the response was not true: the table must hold an item with the key."""
    responses = iter([exists(), (200, b"{}"), (200, b"{}")])
    job = Job(lambda *_: next(responses), existing="keep")
    assert job.run(lines_of("a")) == {"written": 1}
    assert len(job.transport.bodies) == 3


@pytest.mark.parametrize(
    ("existing", "response", "says"),
    [
        ("overwrite", exists({"id": {"S": "a"}}), "a failed condition of a request without one"),
        ("keep", exists({"id": {"S": "b"}}), "an item with another key"),
        ("verify", exists({"n": {"S": "b"}}), "an item with another key"),
        ("verify", exists(), "a failed condition of a request without one"),
        ("overwrite", (200, b'{"UnprocessedItems":{"t":[]},"x":1}'), "is not a response to BatchWriteItem"),
        (
            "overwrite",
            (200, b'{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"z"}}}}]}}'),
            "unprocessed items that were not sent",
        ),
        ("keep", (200, b'{"status":"ok"}'), "is not a response to PutItem"),
        ("overwrite", (403, b'{"message":"Forbidden"}'), "is not an error of DynamoDB"),
    ],
)
def test_a_server_that_proves_nothing_ends_the_job(
    existing: Existing, response: tuple[int, bytes], says: str
) -> None:
    """With code 69, a sentence that says what it answered, and after the time that any fault may take."""
    job = Job(lambda *_: response, existing=existing, stall_timeout_seconds=0.2)
    with pytest.raises(Unreachable, match=says) as raised:
        job.run(lines_of("a"))
    assert "what answers is not DynamoDB" in raised.value.message
    assert "aws.endpoint_urls" in raised.value.hint
    assert job.results.counts.total() == 0


def test_a_success_with_another_content_type_ends_the_job() -> None:
    """However right the body is."""
    job = Job(lambda *_: WRITTEN, content_type=b"text/html", stall_timeout_seconds=0.2)
    with pytest.raises(Unreachable, match="content type text/html"):
        job.run(lines_of("a"))


def test_credentials_that_expire_are_renewed_once_for_all_requests_in_flight() -> None:
    """Each of them reports the old ones as expired, after they were renewed."""
    expired = failure("ExpiredTokenException")
    responses = iter([expired] * 20 + [WRITTEN] * 20)
    job = Job(lambda *_: next(responses), keys=("old", "new"))
    assert job.run(*([each] for each in lines_of(*(f"k{n}" for n in range(20))))) == {"written": 20}
    assert job.transport.renewals == 1


def test_requests_in_flight_survive_credentials_that_were_renewed_elsewhere() -> None:
    """In time, or by another worker: each request in flight is still answered "expired"."""
    responses = iter([failure("ExpiredTokenException")] * 3 + [WRITTEN] * 3)
    job = Job(lambda *_: next(responses), keys=("old", "new"))
    for each in lines_of("a", "b", "c"):
        job.sender.send(Batch(0, [each]))
    job.transport.keys.remove("old")
    while job.results.counts.total() < 3:
        job.sender.poll(0.01)
    assert job.results.counts == {"written": 3}
    assert job.transport.renewals == 0


def test_units_that_no_put_can_consume_do_not_hold_the_job() -> None:
    """The limit of the job is kept by the units that the server reports, so they are bounded."""
    units = [{"TableName": "t", "CapacityUnits": 1e300}]
    response = (200, json.dumps({"UnprocessedItems": {}, "ConsumedCapacity": units}).encode())
    bucket = TokenBucket(1000.0, time.monotonic())
    job = Job(lambda *_: response, bucket=bucket)
    assert job.run(lines_of("a"), lines_of("b"), lines_of("c")) == {"written": 3}
    assert bucket.wait_seconds(time.monotonic()) < 1
    assert job.sender.consumed < 1000


def test_nothing_of_an_abandoned_unit_is_sent_again() -> None:
    """Its lines are dropped, wherever they wait."""
    job = Job(lambda *_: failure("ThrottlingException"))
    job.sender.send(Batch(0, lines_of("a", "b"), Batch(0, lines_of("c"))))
    job.sender.send(Batch(1, lines_of("d")))
    job.sender.poll(0.0)
    job.sender.abandon(0)
    job.sender.send(Batch(0, lines_of("e")))  # in flight when it is abandoned
    while job.results.counts.total() < 4:
        job.sender.poll(0.01)
    assert job.results.counts == {"dropped": 4}
    assert [ids_in(body) for body in job.transport.bodies if ids_in(body) != ["d"]] == [["a", "b"], ["e"]]
