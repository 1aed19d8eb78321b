"""Which items the indexes of a table take. Messages as AWS writes them (observed on AWS)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ddbbackup.sandbox.aws_error import AwsError

Keys = Mapping[str, Iterable[str]]
"""The key attributes of each index."""


def check_item(item: Mapping[str, Mapping[str, Any]], indexes: Keys, types: Mapping[str, str]) -> None:
    """Raises ``AwsError`` for an index key of another type, or an empty one. An index key may be missing."""
    for index, keys in indexes.items():
        for key in keys:
            for kind, value in item.get(key, {}).items():
                if kind != types[key]:
                    raise AwsError(
                        "ValidationException",
                        f"One or more parameter values were invalid: Type mismatch for Index Key {key} "
                        f"Expected: {types[key]} Actual: {kind} IndexName: {index}",
                    )
                if value in ("", b""):
                    raise AwsError(
                        "ValidationException",
                        "One or more parameter values are not valid. A value specified for a secondary index key is "
                        "not supported. The AttributeValue for a key attribute cannot contain an empty "
                        f"{'string' if kind == 'S' else 'binary'} value. IndexName: {index}, IndexKey: {key}",
                    )


def is_indexed(item: Mapping[str, Mapping[str, Any]], keys: Iterable[str], types: Mapping[str, str]) -> bool:
    """Whether an index holds the item. One that was created later leaves out items that it would not take."""
    return all(item.get(key, {}).get(types[key]) not in (None, "", b"") for key in keys)


def check_index_updates(
    updates: Iterable[Mapping[str, Mapping[str, Any]]],
    *,
    existing: Iterable[str],
    under_way: Iterable[str],
    table: str,
) -> None:
    """Raises ``AwsError`` unless at most one index is created or deleted at a time (observed on AWS)."""
    changes = [name for update in updates for name in update if name in ("Create", "Delete")]
    if changes and (len(changes) > 1 or list(under_way)):
        raise AwsError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        )
    known = list(existing)
    for update in updates:
        for action, index in update.items():
            name = index["IndexName"]
            if action == "Create" and name in known:
                raise AwsError(
                    "ValidationException", f"The sandbox: table {table} already has the index {name}"
                )
            if action != "Create" and name not in known:
                raise AwsError(
                    "ResourceNotFoundException",
                    f"Requested resource not found: Index {name} for table {table}",
                )
