"""A table and data files in memory: what the bulk package needs of AWS, without a server."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ddbbackup.archive.attribute_values import comparable_key
from ddbbackup.bulk.model import DataFile
from ddbbackup.conditions import compile_condition, parse_condition
from ddbbackup.model.checksums import md5_base64
from ddbbackup.ports import AccessKeys, BulkOperation, KeyAttribute, KeyRequest
from tests.support.fake_transport import FakeTransport, Respond
from tests.support.memory import MemoryObjects

KEYS = (KeyAttribute("id", "HASH", "S"),)
TABLE = "t"
NOT_MET = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"


class MemoryTable:
    """A table ``TABLE`` with the key ``KEYS``. ``puts`` and ``deletes`` are all requests, in their order."""

    def __init__(self, items: Iterable[Mapping[str, Any]] = (), *, returns_existing: bool = True) -> None:
        self.puts: list[Mapping[str, Any]] = []
        self.deletes: list[Mapping[str, Any]] = []
        self._items = {self._key(item): item for item in items}
        self._returns_existing = returns_existing
        self.page_items = 3

    @property
    def items(self) -> list[Mapping[str, Any]]:
        return sorted(self._items.values(), key=lambda item: str(item["id"]["S"]))

    def delete(self, identity: str) -> None:
        del self._items[self._key({"id": {"S": identity}})]

    def put(self, item: Mapping[str, Any]) -> None:
        self._items[self._key(item)] = item

    def respond(self, operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
        """The response to any request of the bulk package."""
        request = json.loads(body)
        match operation:
            case "BatchWriteItem":
                for each in request["RequestItems"][TABLE]:
                    if "DeleteRequest" in each:
                        self.deletes.append(each["DeleteRequest"]["Key"])
                        self._items.pop(self._key(self.deletes[-1]), None)
                    else:
                        self._put(each["PutRequest"]["Item"])
                return self._ok({"UnprocessedItems": {}})
            case "PutItem":
                existing = self._items.get(self._key(request["Item"]))
                if not _is_met(request, existing):
                    return self._not_met(request, existing)
                self._put(request["Item"])
                return self._ok(_old(request, existing))
            case "DeleteItem":
                existing = self._items.get(self._key(request["Key"]))
                if not _is_met(request, existing):
                    return self._not_met(request, existing)
                self.deletes.append(request["Key"])
                self._items.pop(self._key(request["Key"]), None)
                return self._ok(_old(request, existing))
            case "GetItem":
                found = self._items.get(self._key(request["Key"]))
                return self._ok({} if found is None else {"Item": found})
            case "BatchGetItem":
                wanted = [self._key(key) for key in request["RequestItems"][TABLE]["Keys"]]
                there = [self._items[key] for key in wanted if key in self._items]
                return self._ok({"Responses": {TABLE: there}, "UnprocessedKeys": {}})
            case "Scan":
                return self._ok(self._page(request))

    def _page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """By the hash of the key, as DynamoDB cuts a table into segments; each item costs a unit."""
        hashes = {key: zlib.crc32(repr(key).encode()) for key in self._items}
        segments = request["TotalSegments"]
        of_segment = [key for key in hashes if hashes[key] * segments >> 32 == request["Segment"]]
        start = request.get("ExclusiveStartKey")
        after = hashes[self._key(start)] if start is not None else -1
        left = sorted((key for key in of_segment if hashes[key] > after), key=lambda key: hashes[key])
        page = [self._items[key] for key in left[: self.page_items]]
        response: dict[str, Any] = {
            "ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": float(len(page))},
            "Count": len(page),
            "Items": page,
            "ScannedCount": len(page),
        }
        return response | ({"LastEvaluatedKey": {"id": page[-1]["id"]}} if left[self.page_items :] else {})

    def _not_met(self, request: Mapping[str, Any], existing: Mapping[str, Any] | None) -> tuple[int, bytes]:
        asked = "ReturnValuesOnConditionCheckFailure" in request and self._returns_existing
        returned = {"Item": existing} if asked and existing is not None else {}
        return 400, json.dumps({"__type": NOT_MET, "message": "failed"} | returned).encode()

    def _put(self, item: Mapping[str, Any]) -> None:
        self.puts.append(item)
        self.put(item)

    @staticmethod
    def _key(item: Mapping[str, Any]) -> tuple[object, ...]:
        return comparable_key(item, ["id"])

    @staticmethod
    def _ok(document: Mapping[str, Any]) -> tuple[int, bytes]:
        return 200, json.dumps(document, separators=(",", ":")).encode()


def _is_met(request: Mapping[str, Any], existing: Mapping[str, Any] | None) -> bool:
    parsed = parse_condition(
        request["ConditionExpression"],
        request.get("ExpressionAttributeNames", {}),
        request.get("ExpressionAttributeValues", {}),
    )
    return compile_condition(parsed)(existing or {})


def _old(request: Mapping[str, Any], existing: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"Attributes": existing} if "ReturnValues" in request and existing is not None else {}


class MemoryAccess:
    """Implements ``ports.BulkAccess``. ``sent`` are the requests of all transports."""

    def __init__(self, objects: MemoryObjects, respond: Respond) -> None:
        self.sent: list[tuple[BulkOperation, bytes]] = []
        self._objects, self._respond = objects, respond

    def objects(self) -> MemoryObjects:
        return self._objects

    def transport(self, table: str) -> FakeTransport[Any]:
        assert table == TABLE

        def respond(operation: BulkOperation, body: bytes) -> tuple[int, bytes]:
            self.sent.append((operation, body))
            return self._respond(operation, body)

        return FakeTransport(respond)

    def keys(self, request: KeyRequest) -> AccessKeys | None:
        raise AssertionError("only worker processes ask for keys")

    def in_worker(self, ask: Callable[[KeyRequest], AccessKeys | None]) -> MemoryAccess:
        return self


def data_file(objects: MemoryObjects, key: str, lines: Iterable[bytes]) -> DataFile:
    """Puts a data file with these lines into ``objects``, and describes it as its manifest does."""
    content = list(lines)
    body = gzip.compress(b"".join(line + b"\n" for line in content), 1, mtime=0)
    objects.bodies[key] = body
    return DataFile("vault", key, md5_base64(body), len(content), size_bytes=len(body))
