"""A look at the first item of a backup, so that a target that cannot take it is refused before the first write."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ddbbackup.archive.lines import whole_lines
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verified_stream import opened
from ddbbackup.errors import Refused
from ddbbackup.ports import KeyAttribute, Objects


def peek_line(file: DataFile, objects: Objects) -> bytes | None:
    """The first line of a data file, or None if it is empty. Raises ``DataNotWhole``."""
    with opened(objects, file) as content:
        for block in whole_lines(content.pieces()):
            return block[: block.index(b"\n")]
    return None


def check_keys(line: bytes, keys: Sequence[KeyAttribute]) -> None:
    """Raises ``Refused`` if the item of an export line lacks the table's key or has it in another type.

    A line that is no item says nothing about the table: the writer rejects it with its reason.
    """
    try:
        item = json.loads(line)["Item"]
        found = {name: next(iter(value)) for name, value in item.items()}
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError):
        return
    for key in keys:
        if key.name not in found:
            raise Refused(
                f"the table's {key.role} key {key.name} ({key.type}) is not an attribute of the backup's items",
                hint="restore into a table with the key of the backed-up one",
            )
        if found[key.name] != key.type:
            raise Refused(
                f"the table's {key.role} key {key.name} is of type {key.type}, "
                f"but the backup's items have it as {found[key.name]}",
                hint="restore into a table with the key of the backed-up one",
            )
