"""Members of AWS responses that the SDK does not know are kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from ddbbackup.aws.raw_response import merge_unknown_fields
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.ports import Identity

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:root", "aws", "eu-west-1")
TABLE: dict[str, Any] = {
    "TableName": "orders",
    "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    "TableId": "1",
    "TableStatus": "ACTIVE",
    "CreationDateTime": 1764028800.5,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S", "Collation": "de"}],
    "GlobalSecondaryIndexes": [{"IndexName": "i", "Sharding": {"Count": 3}}],
    "QuantumSettings": {"Qubits": 10**30, "Since": 1764028800, "Ratio": 0.1, "Target": 70.0},
}


@pytest.fixture
def server() -> Iterator[str]:
    """A DynamoDB of next year: its DescribeTable returns members that no SDK knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"Table": TABLE}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_the_description_holds_members_that_the_sdk_does_not_know(server: str) -> None:
    """At any depth and unchanged. Known members are parsed: times are in ISO 8601."""
    client = boto3.Session("k", "s", region_name="eu-west-1").client("dynamodb", endpoint_url=server)
    described = DynamoTables(client, lambda: IDENTITY).describe("orders").description
    assert described == {**TABLE, "CreationDateTime": "2025-11-25T00:00:00.500000Z"}


def test_without_a_body_the_response_is_what_the_sdk_parsed() -> None:
    """Without the metadata of the call and the page token."""
    response = {"Things": [1], "NextToken": "n", "ResponseMetadata": {"HTTPStatusCode": 200}}
    assert merge_unknown_fields(response) == {"Things": [1]}


@pytest.mark.parametrize(
    "body",
    [
        b"\xff no json",
        b"[]",
        b"null",
        b'{"Things": 1e400}',
        b'{"Things": NaN}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
    ],
    ids=["no text", "a list", "null", "too large", "NaN", "a lone surrogate", "too deep"],
)
def test_a_body_that_is_not_a_json_object_is_ignored(body: bytes) -> None:
    """What the SDK parsed is kept."""
    assert merge_unknown_fields({"Things": [1], "RawBody": body}, "Things") == [1]
