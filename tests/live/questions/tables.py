"""Open questions about tables, items and policies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live import estimate
from tests.live.model import Question
from tests.live.stage import Stage, error_of

_LOOKS: Final = 600


def equal_number_keys(stage: Stage) -> Any:
    """One BatchWriteItem with the keys 1 and 1.0, one with 1 and 1E0."""
    table = stage.make_table("equal-keys")

    def attempt(*numbers: str) -> Any:
        puts = [
            {"PutRequest": {"Item": {"id": {"S": "a"}, "at": {"N": number}, "written": {"S": number}}}}
            for number in numbers
        ]
        stage.retrying(_known, "ResourceNotFoundException", minutes=2, stage=stage, table=table)
        try:
            stage.dynamodb.batch_write_item(RequestItems={table: puts})
        except ClientError as error:
            return {"error": error_of(error)}
        return [[item["at"]["N"], item["written"]["S"]] for item in stage.items(table)]

    return {"1 and 1.0": attempt("1", "1.0"), "1 and 1E0": attempt("1", "1E0")}


def _known(stage: Stage, table: str) -> None:
    """Raises until requests for items know the table."""
    stage.dynamodb.get_item(TableName=table, Key={"id": {"S": "a"}, "at": {"N": "0"}})


def late_index(stage: Stage) -> Any:
    """A table whose items have no, an empty and a wrong value for the key of an index that is added later."""
    table = stage.make_table("late-index")
    values = {"right": {"S": "x"}, "wrong type": {"N": "1"}, "empty": {"S": ""}, "null": {"NULL": True}}
    for name, value in values.items():
        stage.put(table, {"id": {"S": name}, "at": {"N": "1"}, "who": value})
    stage.put(table, {"id": {"S": "none"}, "at": {"N": "1"}})
    index = {
        "IndexName": "by-who",
        "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    began = time.monotonic()
    stage.dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "who", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    stage.idle_table(table)
    seconds = time.monotonic() - began
    pages = stage.dynamodb.get_paginator("scan").paginate(TableName=table, IndexName="by-who")
    again = {}
    for name, value in values.items():
        item = {"id": {"S": f"again {name}"}, "at": {"N": "1"}, "who": value}
        try:
            stage.dynamodb.put_item(TableName=table, Item=item)
            again[name] = "accepted"
        except ClientError as error:
            again[name] = error_of(error)["message"]
    return {
        "in the index": sorted(item["id"]["S"] for page in pages for item in page["Items"]),
        "seconds until the index was ACTIVE": round(seconds),
        "puts of such items afterwards": again,
    }


def unknown_to_items(stage: Stage) -> Any:
    """Seconds from ACTIVE until ten requests for items in a row know the table."""
    tables = {}
    for number in range(3):
        table = stage.make_table(f"unknown-{number}")
        began, last_unknown, unknown, in_a_row = time.monotonic(), 0.0, 0, 0
        while in_a_row < 10 and time.monotonic() - began < 180:
            try:
                _known(stage, table)
                in_a_row += 1
            except ClientError as error:
                if error_of(error)["code"] != "ResourceNotFoundException":
                    raise
                unknown, in_a_row, last_unknown = unknown + 1, 0, time.monotonic() - began
            time.sleep(0.01 if stage.emulated else 0.2)
        tables[f"table {number}"] = {
            "unknown requests": unknown,
            "last one after seconds": round(last_unknown, 1),
        }
    return tables


def late_denial(stage: Stage) -> Any:
    """Seconds until a Deny of a resource policy is enforced, and until its removal is. It denies one role only."""
    table = stage.make_table("denied")
    arn = stage.table_arn(table)
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": arn}
    role = stage.make_role("denied", {"Version": "2012-10-17", "Statement": [statement]})
    client = stage.assume(role).client("dynamodb")
    key = {"id": {"S": "a"}, "at": {"N": "1"}}

    def denied() -> bool:
        try:
            client.get_item(TableName=table, Key=key)
        except ClientError as error:
            if error_of(error)["code"] == "AccessDeniedException":
                return True
            if error_of(error)["code"] != "ResourceNotFoundException":
                raise
        return False

    allowed_after = _seconds_until(stage, lambda: not denied())
    deny = {"Effect": "Deny", "Principal": {"AWS": role}, "Action": "dynamodb:GetItem", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    stage.retrying(stage.dynamodb.put_resource_policy, ResourceArn=arn, Policy=policy)
    denied_after = _seconds_until(stage, denied)
    stage.pause(20)  # a policy must not be changed twice within 15 seconds (observed on AWS)
    stage.retrying(stage.dynamodb.delete_resource_policy, ResourceArn=arn)
    return {
        "allowed by the role after": allowed_after,
        "denied after": denied_after,
        "allowed again after": _seconds_until(stage, lambda: not denied()),
    }


def _seconds_until(stage: Stage, happened: Callable[[], bool]) -> float | None:
    """None if it does not happen: within ten minutes on AWS, on the sandbox at once."""
    began = time.monotonic()
    for _ in range(3 if stage.emulated else _LOOKS):
        if happened():
            return round(time.monotonic() - began, 1)
        stage.pause(1)
    return None


def imported_table_known(stage: Stage) -> Any:
    """Seconds from the end of an import until requests for items know its table."""
    manifest: str = stage.source_export()["ExportManifest"]
    name = stage.name("unknown-import")
    found = stage.import_table(name, manifest.removesuffix("manifest-summary.json") + "data/", seconds=5)

    def known() -> bool:
        try:
            _known(stage, name)
        except ClientError:
            return False
        return True

    return {"status": found["ImportStatus"], "known after seconds": _seconds_until(stage, known)}


QUESTIONS: Final = (
    Question(
        "items/equal-number-keys",
        "Are the keys 1 and 1.0 one key to BatchWriteItem?",
        "bulk/",
        equal_number_keys,
        charges=estimate.table(),
    ),
    Question(
        "tables/late-index",
        "What becomes of items whose value does not fit an index that is added later, and of puts of such items?",
        "restore/",
        late_index,
        charges=estimate.table(),
    ),
    Question(
        "tables/unknown-to-items",
        "How long may requests for items not know a table that is ACTIVE?",
        "bulk/",
        unknown_to_items,
        charges=tuple(charge * 3 for charge in estimate.table()),
    ),
    Question(
        "tables/unknown-after-import",
        "How long may requests for items not know a table after its import has ended?",
        "restore/import_table.py",
        imported_table_known,
        charges=(*estimate.table(), *estimate.import_()),
    ),
    Question(
        "policies/late-denial",
        "How long does a Deny of a resource policy need until it is enforced, and until its removal is?",
        "settings/policy.py",
        late_denial,
        charges=estimate.requests(0, 2000),
    ),
)
