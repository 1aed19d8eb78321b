"""JSON as Python values, and access to the members of an object that checks their types.

Responses of AWS and documents from a bucket are claims: a member that has another type than its API documents is an
error of the step that needs it, never a ``TypeError`` further on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

from ddbbackup.errors import REPORT_BUG, StepFailed

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007 - recursive
JsonObject: TypeAlias = Mapping[str, Json]


def as_object(value: Json, name: str = "the value") -> JsonObject:
    """An object; null is an empty one. Raises ``StepFailed`` for anything else, as all functions here do."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise _unexpected(name, "an object", value)


def as_objects(value: Json, name: str = "the value") -> Sequence[JsonObject]:
    """A list of objects; null is an empty one."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_object(each, name) for each in value]
    raise _unexpected(name, "a list", value)


def get_object(holder: JsonObject, name: str) -> JsonObject:
    """Empty if the member is missing or null."""
    return as_object(holder.get(name), name)


def get_objects(holder: JsonObject, name: str) -> Sequence[JsonObject]:
    """Empty if the member is missing or null."""
    return as_objects(holder.get(name), name)


def get_text(holder: JsonObject, name: str) -> str | None:
    """None if the member is missing, null or an empty string."""
    value = holder.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise _unexpected(name, "a string", value)


def get_integer(holder: JsonObject, name: str) -> int | None:
    """None if the member is missing or null."""
    value = holder.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _unexpected(name, "an integer", value)


def require_text(holder: JsonObject, name: str) -> str:
    """Raises ``StepFailed`` also if the member is missing."""
    value = get_text(holder, name)
    if value is None:
        raise _unexpected(name, "a string", None)
    return value


def _unexpected(name: str, expected: str, value: Json) -> StepFailed:
    """Names types only: the value may be data."""
    kinds = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    kind = kinds.get(type(value), "an object" if isinstance(value, Mapping) else "a list")
    return StepFailed(
        f"unexpected JSON: {name} is {kind}, expected {expected}",
        hint=REPORT_BUG,
    )
