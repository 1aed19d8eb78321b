"""Requests that the SDK does not repeat but AWS asks to repeat, against a server that counts them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from botocore import exceptions as sdk

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.error_map import from_client_error
from ddbbackup.errors import AccessDenied, DdbBackupError, InUse, Refused, Throttled
from ddbbackup.model.encryption import Encryption
from tests.support.scripted_aws import Answer, scripted_aws

SKEWED = (
    "InvalidSignatureException",
    "Signature expired: 20261126T020000Z is now earlier than 20261126T025500Z (20261126T030000Z - 5 min.)",
)
LIMITS = {
    "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously": Throttled,
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table": Throttled,
    "Too many concurrent exports": Throttled,
    "": Throttled,
    "Subscriber limit exceeded: There is a limit of 256 tables per subscriber": Refused,
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.": Refused,
    "Subscriber limit exceeded: 2 table class updates in 30 days": Refused,
}


@contextmanager
def serving(responses: Sequence[tuple[int, bytes]]) -> Iterator[tuple[AwsCloud, list[str]]]:
    """Answers with one response after the other, and keeps the signature of each request."""
    signatures: list[str] = []
    waiting = iter(responses)

    def answer(signature: str) -> Answer:
        signatures.append(signature)
        status, body = next(waiting)
        return status, body, {"ETag": '"e"'} if status == 200 and not body else {}

    with scripted_aws(answer) as cloud:
        yield cloud, signatures


def error(code: str, message: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": f"x#{code}", "message": message}).encode()


def s3_error(code: str) -> tuple[int, bytes]:
    return 409, f"<Error><Code>{code}</Code><Message>try again</Message></Error>".encode()


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


def test_a_signature_that_expired_is_made_again_once() -> None:
    """A machine that was suspended may have sent it late."""
    with serving([error(*SKEWED), (200, b'{"TableNames": ["orders"]}')]) as (cloud, signatures):
        assert list(cloud.tables.names()) == ["orders"]
    assert len(signatures) == 2


def test_a_wrong_clock_is_said_and_not_blamed_on_permissions() -> None:
    """After the second rejection."""
    with serving([error(*SKEWED)] * 2) as (cloud, signatures), pytest.raises(AccessDenied) as raised:
        list(cloud.tables.names())
    assert raised.value.hint.startswith("synchronize the clock")
    assert len(signatures) == 2


@pytest.mark.parametrize("code", ["OperationAborted", "ConditionalRequestConflict"])
def test_s3_is_asked_again_after_a_conflict_of_requests(code: str) -> None:
    """Two writers of one key at the same moment. It is no failed condition."""
    with serving([s3_error(code), s3_error(code), (200, b"")]) as (cloud, signatures):
        json = "application/json"
        cloud.objects.put("b", "k", b"{}", content_type=json, encryption=Encryption(), if_none_match=True)
    assert len(signatures) == 3


@pytest.mark.parametrize(("message", "expected"), LIMITS.items())
def test_the_text_says_whether_a_limit_is_worth_waiting_for(
    message: str, expected: type[DdbBackupError]
) -> None:
    """One code stands for both."""
    raised = sdk.ClientError({"Error": {"Code": "LimitExceededException", "Message": message}}, "UpdateTable")
    assert type(from_client_error(raised, "change table orders")) is expected


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("OperationAborted", 409, InUse), ("New", 429, Throttled), ("RequestThrottled", 400, Throttled)],
)
def test_what_passes_is_no_failure(code: str, status: int, expected: type[DdbBackupError]) -> None:
    """The caller waits and asks again."""
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert type(from_client_error(sdk.ClientError(response, "op"), "list tables")) is expected
