"""Opens data files and the target table for bulk workers, in whatever process they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.utils import get_environ_proxies

from ddbbackup.aws.bulk_http.endpoint import Endpoint
from ddbbackup.aws.bulk_http.transport import HttpTransport
from ddbbackup.aws.credentials import AskingSource, CredentialSource, use_source
from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.session import Connection
from ddbbackup.ports import AccessKeys, KeyRequest, Side

Tag = TypeVar("Tag")


@dataclass(frozen=True, slots=True)
class AwsBulkAccess:
    """Implements ``ports.BulkAccess``: reads data files as ``source`` and writes items as ``target``."""

    target: Connection
    source: Connection

    def objects(self) -> S3Objects:
        with translate_errors("connect to S3"):
            return S3Objects(self.source.client("s3"))

    def transport(self, table: str) -> HttpTransport[Tag]:
        return HttpTransport(resolve_endpoint(self.target, table), self.target.credentials())

    def keys(self, request: KeyRequest) -> AccessKeys | None:
        source = self._credentials(request.side)
        return source.current() if request.rejected is None else source.renew(request.rejected)

    def in_worker(self, ask: Callable[[KeyRequest], AccessKeys | None]) -> AwsBulkAccess:
        use_source(self.source.caller, AskingSource(partial(_ask, ask, "source")))
        use_source(self.target.caller, AskingSource(partial(_ask, ask, "target")))
        return self

    def _credentials(self, side: Side) -> CredentialSource:
        return (self.source if side == "source" else self.target).credentials()


def _ask(
    ask: Callable[[KeyRequest], AccessKeys | None], side: Side, rejected: str | None
) -> AccessKeys | None:
    return ask(KeyRequest(side, rejected))


def resolve_endpoint(connection: Connection, table: str) -> Endpoint:
    """Lets botocore resolve the endpoint of a BatchWriteItem: custom, dual-stack, FIPS or account-based.

    botocore prepares a request that is never sent: a ``before-send`` handler captures its URL and returns a
    response in place of AWS (boto3 documentation, "Extensibility guide"; the tests verify that it works).
    """
    captured: list[str] = []

    def capture(request: Any, **_: Any) -> AWSResponse:
        captured.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), _EmptyJson())

    with translate_errors("resolve the endpoint of DynamoDB"):
        client = connection.private_client("dynamodb")
        client.meta.events.register("before-send.dynamodb.BatchWriteItem", capture)
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"k": {"S": "k"}}}}]})
    (url,) = captured
    secure = url.startswith("https:")
    proxies = get_environ_proxies(url)
    return Endpoint(
        url=url,
        region=client.meta.region_name,
        proxy=proxies.get("https" if secure else "http") or "",
        ca_bundle=connection.ca_bundle() if secure else None,
    )


class _EmptyJson:
    """The body of the response that stands in for AWS's."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [b"{}"]

    def read(self, *_: Any) -> bytes:
        return b"{}"
