"""Checks the first item of a backup, so that a table with another key is refused before the first write."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from ddbbackup.archive.lines import whole_lines
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verified_stream import open_data_file, read_until_whole
from ddbbackup.errors import Refused
from ddbbackup.ports import KeyAttribute, Objects


def read_first_line(file: DataFile, objects: Objects) -> bytes | None:
    """The first line of a data file, without its newline; None if the file is empty. Blocks.

    Raises ``DataIncomplete`` if three readings in a row found the file damaged.
    """

    def read() -> bytes | None:
        with open_data_file(objects, file) as stream:
            for block in whole_lines(stream.pieces()):
                return block[: block.index(b"\n")]
        return None

    return read_until_whole(read, time.sleep)


def check_keys(line: bytes, keys: Sequence[KeyAttribute]) -> None:
    """Raises ``Refused`` if the item of an export line lacks a key attribute, or has it in another type.

    A line that is not an item proves nothing about the table; the worker rejects it later, with its reason.
    """
    try:
        item = json.loads(line)["Item"]
        types = {name: next(iter(value)) for name, value in item.items()}
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError):
        return
    for key in keys:
        if key.name not in types:
            raise Refused(
                f"the table's {key.role} key {key.name} ({key.type}) is not an attribute of the backup's items",
                hint="restore into a table with the same key as the backed-up table",
            )
        if types[key.name] != key.type:
            raise Refused(
                f"the table's {key.role} key {key.name} is of type {key.type}, "
                f"but in the backup's items it is of type {types[key.name]}",
                hint="restore into a table with the same key as the backed-up table",
            )
