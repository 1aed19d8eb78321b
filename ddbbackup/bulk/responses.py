"""What an answer of DynamoDB means for the batch that was sent. Parsed only when it is not the plain success."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from ddbbackup.ports import Answer, KeyAttribute

ALL_WRITTEN: Final = b'{"UnprocessedItems":{}}'
PUT_WRITTEN: Final = b"{}"

Meaning = Literal["written", "unprocessed", "kept", "slow", "again", "expired", "refused", "fatal"]

_SLOW: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "LimitExceededException",
    }
)
_AGAIN: Final = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "TransactionConflictException",  # the SDK would give up on it; others are writing, so is this
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceInUseException",
    }
)
_EXPIRED: Final = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
_REFUSED: Final = frozenset(
    {"ValidationException", "SerializationException", "ItemCollectionSizeLimitExceededException"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``unprocessed`` are the items to be sent again, as parsed JSON; ``reason`` is AWS's code and message."""

    meaning: Meaning
    consumed: float = 0.0
    unprocessed: tuple[Any, ...] = ()
    code: str = ""
    reason: str = ""


def judge(answer: Answer) -> Verdict:
    """Everything but the plain success, which the sender knows by its bytes."""
    if answer.status == 0:
        return Verdict("again", code="no answer", reason=answer.body.decode("utf-8", "replace"))
    try:
        said = json.loads(answer.body)
        assert isinstance(said, dict)
    except (ValueError, AssertionError, RecursionError):
        return Verdict("again", code=f"HTTP {answer.status}", reason="an answer that is not DynamoDB's")
    if answer.status == 200:
        return _success(said)
    code = str(said.get("__type", "")).rpartition("#")[2]
    reason = f"{code}: {said.get('message') or said.get('Message') or 'no message'}"
    return Verdict(_meaning(code, answer.status), code=code, reason=" ".join(reason.split())[:400])


def _success(said: dict[str, Any]) -> Verdict:
    capacity = said.get("ConsumedCapacity") or []
    each = capacity if isinstance(capacity, list) else [capacity]
    consumed = sum(float(part.get("CapacityUnits") or 0.0) for part in each)
    left = [request for requests in (said.get("UnprocessedItems") or {}).values() for request in requests]
    items = tuple(request["PutRequest"]["Item"] for request in left)
    return Verdict("unprocessed" if items else "written", consumed=consumed, unprocessed=items)


def _meaning(code: str, status: int) -> Meaning:
    if code == "ConditionalCheckFailedException":
        return "kept"
    if code in _SLOW:
        return "slow"
    if code in _EXPIRED:
        return "expired"
    if code in _AGAIN or status >= 500:
        return "again"
    if code in _REFUSED:
        return "refused"
    return "fatal"


def still_unwritten(
    lines: Sequence[bytes], unprocessed: Sequence[Any], keys: Sequence[KeyAttribute]
) -> list[bytes]:
    """The lines whose keys are among the unprocessed items, as the bytes that they were.

    All lines if the answer cannot be matched with them: a put again is harmless, a lost one is not.
    """
    wanted = {_key(item, keys) for item in unprocessed}
    found = [line for line in lines if _key(json.loads(line)["Item"], keys) in wanted]
    return found if len(found) >= len(unprocessed) else list(lines)


def _key(item: Any, keys: Sequence[KeyAttribute]) -> tuple[Any, ...]:
    return tuple(_plain(item.get(key.name)) for key in keys)


def _plain(value: Any) -> Any:
    """Numbers by value: DynamoDB may answer ``1`` where ``1.0`` was sent."""
    if isinstance(value, dict) and isinstance(value.get("N"), str):
        try:
            return ("N", Decimal(value["N"]))
        except InvalidOperation:
            return ("N", value["N"])
    return json.dumps(value, sort_keys=True)
