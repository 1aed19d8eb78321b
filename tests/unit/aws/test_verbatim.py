"""What AWS tells and the SDK does not know is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from ddbbackup.aws.raw_response import whole
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.ports import Identity

WHO = Identity("123456789012", "arn:aws:iam::123456789012:root", "aws", "eu-west-1")
TABLE: dict[str, Any] = {
    "TableName": "orders",
    "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    "TableId": "1",
    "TableStatus": "ACTIVE",
    "CreationDateTime": 1764028800.5,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S", "Collation": "de"}],
    "GlobalSecondaryIndexes": [{"IndexName": "i", "Sharding": {"Count": 3}}],
    "QuantumSettings": {"Qubits": 5, "Since": 1764028800},
}


@pytest.fixture
def server() -> Iterator[str]:
    """A DynamoDB of next year: it answers DescribeTable with members that no SDK knows."""

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

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()


def test_members_that_the_sdk_does_not_know_are_in_the_description(server: str) -> None:
    """At any depth, as they came; those that it does know as it reads them (times ISO 8601)."""
    client = boto3.Session("k", "s", region_name="eu-west-1").client("dynamodb", endpoint_url=server)
    described = DynamoTables(client, lambda: WHO).describe("orders").description
    assert described == {**TABLE, "CreationDateTime": "2025-11-25T00:00:00.500000Z"}


def test_without_the_body_the_answer_is_what_the_sdk_parsed() -> None:
    """No metadata of the call, and no page token."""
    answer = {"Things": [1], "NextToken": "n", "ResponseMetadata": {"HTTPStatusCode": 200}}
    assert whole(answer) == {"Things": [1]}
    assert whole({**answer, "BodyAsSent": b"\xff no json"}, "Things") == [1]
