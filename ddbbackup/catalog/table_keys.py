"""The key schema in a recorded description of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from ddbbackup.errors import DataIncomplete
from ddbbackup.model.json_value import JsonObject, get_objects, require_text
from ddbbackup.ports import KeyAttribute

_ROLES: Final[Mapping[str, Literal["HASH", "RANGE"]]] = {"HASH": "HASH", "RANGE": "RANGE"}
_TYPES: Final[Mapping[str, Literal["S", "N", "B"]]] = {"S": "S", "N": "N", "B": "B"}


def recorded_keys(description: JsonObject) -> tuple[KeyAttribute, ...]:
    """The key schema of the table that was backed up; empty without a record.

    Raises ``DataIncomplete`` if the record has no valid key schema.
    """
    return tuple(_parse_keys(description))


def _parse_keys(description: JsonObject) -> Iterator[KeyAttribute]:
    attributes = get_objects(description, "AttributeDefinitions")
    types = {require_text(each, "AttributeName"): require_text(each, "AttributeType") for each in attributes}
    for element in get_objects(description, "KeySchema"):
        name, role = require_text(element, "AttributeName"), require_text(element, "KeyType")
        kind = types.get(name, "")
        if role not in _ROLES or kind not in _TYPES:
            raise DataIncomplete(
                f"the record of the backup has an invalid key schema: {name} has role {role!r} and type {kind!r}",
                hint="restore from another backup, and find out who changed the record",
            )
        yield KeyAttribute(name, _ROLES[role], _TYPES[kind])
