"""Nothing that the SDK raises leaves ``aws/``: every call of every adapter, with every kind of failure."""

from __future__ import annotations

import http.client
import inspect
import ssl
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import botocore.retries.standard
import pytest
import urllib3.exceptions
from botocore import exceptions as sdk

from ddbbackup.aws.buckets import S3Buckets
from ddbbackup.aws.bulk_puts import DynamoBulkPuts
from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.error_codes import CODES
from ddbbackup.aws.error_map import from_client_error
from ddbbackup.aws.exports import DynamoExports
from ddbbackup.aws.imports import DynamoImports
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.pitr_restores import DynamoPitrRestores
from ddbbackup.aws.scaling import ApplicationScaling
from ddbbackup.aws.session import Connection
from ddbbackup.aws.settings import DynamoSettings
from ddbbackup.aws.snapshots import DynamoSnapshots
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.aws.topics import SnsTopics
from ddbbackup.errors import (
    AccessDenied,
    DdbBackupError,
    Refused,
    StepFailed,
    Throttled,
    Unreachable,
    UsageError,
)
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import (
    BulkPutRequest,
    ExportRequest,
    Identity,
    ImportRequest,
    ObjectFacts,
    PitrRestoreRequest,
    SnapshotRestoreRequest,
    Upload,
    UploadedPart,
)
from tests.support.stubs import client

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:root", "aws", "eu-west-1")
FAILURES = [
    (sdk.ClientError({"Error": {"Code": "Surprise", "Message": "m"}}, "op"), StepFailed),
    (sdk.NoCredentialsError(), AccessDenied),
    (sdk.UnauthorizedSSOTokenError(), AccessDenied),
    (sdk.ProfileNotFound(profile="p"), AccessDenied),
    (sdk.NoRegionError(), UsageError),
    (sdk.ParamValidationError(report="r"), Refused),
    (sdk.EndpointConnectionError(endpoint_url="http://x"), Unreachable),
    (sdk.ProxyConnectionError(proxy_url="http://x"), Unreachable),
    (sdk.ResponseStreamingError(error="e"), Unreachable),
    (sdk.DataNotFoundError(data_path="d"), StepFailed),
    (urllib3.exceptions.SSLError("tls"), Unreachable),
    (urllib3.exceptions.DecodeError("gzip"), Unreachable),
    (http.client.IncompleteRead(b""), Unreachable),
    (ssl.SSLEOFError("eof"), Unreachable),
    (FileNotFoundError("ca.pem"), Unreachable),
]


sdk_client = cache(client)


class FailingClient:
    """Every operation, and every page of every paginator, raises ``error``."""

    def __init__(self, service: str, error: Exception) -> None:
        self.meta = sdk_client(service).meta
        self._error = error
        self.calls = 0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def fail(**_: Any) -> Any:
            self.calls += 1
            raise self._error

        return fail

    def get_paginator(self, operation: str) -> Any:
        return type("Paginator", (), {"paginate": lambda _, **parameters: iter_failing(self)})()


def iter_failing(failing: FailingClient) -> Iterator[Any]:
    failing.calls += 1
    raise failing._error
    yield


def adapters(failure: Exception) -> Iterator[tuple[Any, FailingClient]]:
    """One of each kind, with a client of its own."""
    for service, make in (
        ("dynamodb", lambda c: DynamoTables(c, lambda: IDENTITY)),
        ("dynamodb", DynamoSettings),
        ("dynamodb", DynamoExports),
        ("dynamodb", DynamoImports),
        ("dynamodb", DynamoBulkPuts),
        ("dynamodb", DynamoPitrRestores),
        ("dynamodb", lambda c: DynamoSnapshots(c, c)),
        ("s3", S3Objects),
        ("s3", S3Buckets),
        ("kms", Kms),
        ("application-autoscaling", lambda c: ApplicationScaling(lambda: c)),
        ("sns", lambda c: SnsTopics(lambda region: c)),
    ):
        failing: Any = FailingClient(service, failure)
        yield make(failing), failing


REQUESTS: dict[str, Any] = {
    "DynamoExports": ExportRequest(TABLE, "vault", "token"),
    "DynamoImports": ImportRequest("vault", "p/", {"TableName": "orders"}, "token"),
    "DynamoBulkPuts": BulkPutRequest("orders", "vault", "p/", "reports/", "token"),
    "DynamoPitrRestores": PitrRestoreRequest(TABLE, "orders-2"),
    "DynamoSnapshots": SnapshotRestoreRequest(f"{TABLE}/backup/01", "orders-2"),
}
ARGUMENTS: dict[str, Any] = {
    "definition": {"TableName": "orders"},
    "change": {"TableClass": "STANDARD"},
    "tags": {"a": "b"},
    "attributes": {"a": "b"},
    "resources": ["table/orders"],
    "target": {"ResourceId": "table/orders"},
    "policy": {"PolicyName": "p"},
    "action": {"ScheduledActionName": "a"},
    "period_days": 7,
    "limit_bytes": 9,
    "body": b"{}",
    "encryption": Encryption(),
    "upload": Upload("k", "u"),
    "parts": (UploadedPart('"e"', "AAAAAA=="),),
    "number": 1,
    "md5": b"m" * 16,
    "facts": ObjectFacts("k", 1, '"e"'),
    "topic_arn": "arn:aws:sns:eu-west-1:123456789012:backups",
}


WITHOUT_CALLS = {("DynamoTables", "arn")}


def arguments(adapter: str, method: Callable[..., Any]) -> dict[str, Any]:
    """A value for every required parameter, by its name."""
    known = {
        **ARGUMENTS,
        "request": REQUESTS.get(adapter),
        **({"policy": "{}"} if adapter == "DynamoSettings" else {}),
    }
    parameters = inspect.signature(method).parameters.items()
    return {
        each: known.get(each, "x") for each, parameter in parameters if parameter.default is parameter.empty
    }


@pytest.mark.parametrize(("failure", "expected"), FAILURES, ids=lambda each: type(each).__name__)
def test_every_call_of_every_adapter_translates_what_the_sdk_raises(
    failure: Exception, expected: type[DdbBackupError]
) -> None:
    """Also calls that a later version adds: the methods are those that the adapter has."""
    for adapter, failing in adapters(failure):
        kind = type(adapter).__name__
        for name, _ in inspect.getmembers(type(adapter), inspect.isfunction):
            if name.startswith("_") or (kind, name) in WITHOUT_CALLS:
                continue
            method, before = getattr(adapter, name), failing.calls
            with pytest.raises(DdbBackupError) as caught:
                run(method, arguments(kind, method))
            assert isinstance(caught.value, expected), f"{kind}.{name}"
            assert caught.value.hint, f"{kind}.{name}"
            assert failing.calls > before, f"{kind}.{name} made no call"


def run(method: Callable[..., Any], parameters: dict[str, Any]) -> None:
    """Calls it, and goes on where it returns an iterator or a context."""
    result = method(**parameters)
    if hasattr(result, "__enter__"):
        with result:
            return
    if inspect.isgenerator(result):
        list(result)


def test_every_throttling_code_of_the_sdk_is_throttled() -> None:
    """The SDK retries them a few times; the caller of ``aws/`` may retry them for longer."""
    checker: Any = botocore.retries.standard.ThrottledRetryableChecker
    codes = checker._THROTTLED_ERROR_CODES
    assert {code for code in codes if CODES.get(code, (None,))[0] is not Throttled} == set()


@pytest.mark.parametrize(
    ("status", "expected"), [(500, Unreachable), (599, Unreachable), (403, AccessDenied)]
)
def test_an_unknown_code_is_judged_by_its_http_status(status: int, expected: type[DdbBackupError]) -> None:
    """Anything else is a failed step."""
    response: Any = {"Error": {"Code": "New"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert type(from_client_error(sdk.ClientError(response, "op"), "list tables")) is expected


@pytest.mark.parametrize("url", ["not a url", "http://", "ftp//x"])
def test_an_endpoint_url_that_is_none_is_a_usage_error(url: str) -> None:
    """botocore raises ValueError."""
    cloud = AwsCloud(Connection(region="eu-west-1", endpoint_urls=(("dynamodb", url),)))
    with pytest.raises(DdbBackupError) as caught:
        cloud.exports.page()
    assert isinstance(caught.value, UsageError | Unreachable)
