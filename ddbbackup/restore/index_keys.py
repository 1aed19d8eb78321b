"""Items that a table refuses because of an index: which keys these are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from ddbbackup.model.json_value import JsonObject, get_objects, get_text, require_text
from ddbbackup.model.table_description import lasting_indexes

AFTER_LOAD_HINT: Final = (
    "set `to.indexes: after-load` and restore into a new table: AWS then leaves these items out"
)
_READ: Final = 10_000  # rejected items that are searched for the keys


@dataclass(frozen=True, slots=True)
class IndexKey:
    """A key attribute of a global secondary index. ``type`` is S, N or B."""

    index: str
    name: str
    type: str

    def __str__(self) -> str:
        return f"`{self.name}` of index {self.index} must be {self.type} and not empty"


def index_keys(description: JsonObject) -> tuple[IndexKey, ...]:
    """Of the description of a table, or of its definition."""
    types = {
        require_text(each, "AttributeName"): get_text(each, "AttributeType") or "?"
        for each in get_objects(description, "AttributeDefinitions")
    }
    return tuple(
        IndexKey(require_text(index, "IndexName"), name, types.get(name, "?"))
        for index in lasting_indexes(description)
        for key in get_objects(index, "KeySchema")
        for name in [require_text(key, "AttributeName")]
    )


def refused_keys(rejects: Path | None, keys: Sequence[IndexKey]) -> tuple[IndexKey, ...]:
    """The keys that AWS names in its reasons for rejected items. Reads the private file of these items; blocking.

    The reasons are "Type mismatch for Index Key …" and "A value specified for a secondary index key is not supported"
    (observed on AWS).
    """
    if rejects is None or not keys:
        return ()
    named = set()
    for reason in _reasons(rejects):
        named |= {
            key
            for key in keys
            if f"Index Key {key.name} Expected" in reason or f"IndexKey: {key.name}" in reason
        }
    return tuple(key for key in keys if key in named)


def join_keys(keys: Sequence[IndexKey]) -> str:
    return ", ".join(str(key) for key in keys)


def _reasons(rejects: Path) -> Iterator[str]:
    with rejects.open("rb") as lines:
        for line in islice(lines, _READ):
            entry = json.loads(line)
            reason = entry.get("reason") if isinstance(entry, dict) else None
            if isinstance(reason, str):
                yield reason
