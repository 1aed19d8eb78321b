"""What a transfer worker needs of AWS, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from ddbbackup.aws.bulk_http.credentials import CredentialSource
from ddbbackup.aws.bulk_http.endpoint import Endpoint
from ddbbackup.aws.bulk_http.wire import HttpWire
from ddbbackup.aws.error_map import explained
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.session import Connection


@dataclass(frozen=True, slots=True)
class BulkAccess:
    """Implements ``ports.BulkAccess``: items go to ``target``, data files are read as ``source``."""

    target: Connection
    source: Connection

    def objects(self) -> S3Objects:
        with explained("connect to S3"):
            return S3Objects(self.source.client("s3"))

    def wire(self, table: str) -> HttpWire:
        return HttpWire(resolve_endpoint(self.target, table), CredentialSource(self.target))


def resolve_endpoint(connection: Connection, table: str) -> Endpoint:
    """Asks botocore for the endpoint of a BatchWriteItem: custom, dual-stack, FIPS or of an account id.

    botocore prepares a request that is never sent: a ``before-send`` handler takes it and answers in AWS's
    place (boto3 documentation, "Extensibility guide"; the tests pin that it works).
    """
    seen: list[str] = []

    def answer_instead(request: Any, **_: Any) -> AWSResponse:
        seen.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Empty())

    with explained("find the endpoint of DynamoDB"):
        client = connection.private_client("dynamodb")
        client.meta.events.register("before-send.dynamodb.BatchWriteItem", answer_instead)
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"k": {"S": "k"}}}}]})
    url = seen[0]
    secure = url.startswith("https:")
    proxies = get_environ_proxies(url)
    ca_bundle = connection.boto_session()._session.get_config_variable("ca_bundle")
    return Endpoint(
        url=url,
        region=client.meta.region_name,
        proxy=proxies.get("https" if secure else "http") or "",
        ca_file=(ca_bundle or get_cert_path(True)) if secure else None,
    )


class _Empty:
    """The body of the answer that AWS did not give."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [b"{}"]

    def read(self, *_: Any) -> bytes:
        return b"{}"
