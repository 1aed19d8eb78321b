"""One bulk put on a table of its own, and everything that AWS says about it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live.data import Item
from tests.live.stage import Stage, error_of

_TEXT: Final = 4000  # characters of one report that go into the answer
_OF_THE_REQUEST: Final = ("InputS3Configuration", "OutputS3Configuration", "ClientToken", "TableDetails")


def line(item: Mapping[str, Any], **more: Any) -> bytes:
    """One line of an export of an item with the values of the API, and further members beside ``Item``."""
    return json.dumps({"Item": item, **more}, separators=(",", ":")).encode() + b"\n"


def small(number: int, **attributes: Any) -> Item:
    return {"id": {"S": f"i{number}"}, "at": {"N": str(number)}, **attributes}


def lines(count: int, start: int = 0) -> bytes:
    return b"".join(line(small(number)) for number in range(start, start + count))


def bulk_put(
    stage: Stage,
    name: str,
    objects: Mapping[str, bytes],
    *,
    table: str | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Puts the objects into the vault and their items into a table, and returns what happened.

    ``members`` replace parameters of StartBulkPutItems. An error response to the start is the answer.
    """
    root = f"bulk/{name}/"
    for key, body in objects.items():
        stage.s3.put_object(Bucket=stage.vault(), Key=f"{root}in/{key}", Body=body)
    table = table or stage.make_table(f"bulk-{name}")
    try:
        started = start(stage, table, root, **members)
    except ClientError as error:
        return {"error": error_of(error)}
    return ended(stage, started["BulkOperationArn"], table, f"{root}out/")


def start(stage: Stage, table: str, root: str, *, client: Any = None, **members: Any) -> dict[str, Any]:
    """Reads below ``in/`` of a folder of the vault and reports below ``out/``."""
    parameters: dict[str, Any] = {
        "TableName": table,
        "InputS3Configuration": {
            "S3Bucket": stage.vault(),
            "S3KeyPrefix": f"{root}in/",
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "NONE",
        },
        "OutputS3Configuration": {
            "S3Bucket": stage.vault(),
            "S3KeyPrefix": f"{root}out/",
            "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
        },
    }
    for name, value in members.items():
        both = isinstance(value, dict) and name in parameters
        parameters[name] = {**parameters[name], **value} if both else value
    found: dict[str, Any] = (client or stage.dynamodb).start_bulk_put_items(**parameters)
    return dict(found["BulkOperationDescription"])


def ended(stage: Stage, arn: str, table: str, reports: str) -> dict[str, Any]:
    description = wait(stage, arn)
    kept = {name: value for name, value in description.items() if name not in _OF_THE_REQUEST}
    return {
        "operation": json.loads(json.dumps(kept, default=str)),
        "items": len(ids := _ids(stage, table)),
        "ids": ids[:60],
        "report": report(stage, reports),
    }


def wait(stage: Stage, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = stage.dynamodb.describe_bulk_operation(BulkOperationArn=arn)[
            "BulkOperationDescription"
        ]
        return None if found["BulkOperationStatus"] in ("IN_PROGRESS", "CANCELLING") else found

    return stage.until(look, f"the bulk put {arn} ends", seconds=20)


def report(stage: Stage, prefix: str) -> dict[str, str]:
    """The objects that AWS wrote, as text, by key. They hold only items of the suite."""
    return {
        each["Key"].removeprefix(prefix): _text(stage.read(stage.vault(), each["Key"]))
        for each in stage.keys(stage.vault(), prefix)
    }


def _text(body: bytes) -> str:
    packed = body.startswith(b"\x1f\x8b")
    text = (gzip.decompress(body) if packed else body).decode("utf-8", "replace")
    return ("gzip: " if packed else "") + text[:_TEXT]


def _ids(stage: Stage, table: str) -> Sequence[str]:
    try:
        return sorted(item["id"]["S"] for item in stage.items(table))
    except ClientError as error:  # a table that the question deleted
        return [error_of(error)["code"]]
