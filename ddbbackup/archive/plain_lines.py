"""Files of DynamoDB JSON that other tools wrote, as lines of the wire format ``{"Item":{…}}``.

A line is that already, or it is an item by itself. A file of dynamodump is one document with a list ``Items``.
Nothing is serialized anew, so that values stay byte for byte what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ddbbackup.archive.item_check import Defect, check_value
from ddbbackup.archive.item_keys import unique_members
from ddbbackup.errors import DataIncomplete

_HINT: Final = "convert the file to lines of DynamoDB JSON, one item per line, and restore again"


class _Dump(msgspec.Struct):
    Items: list[msgspec.Raw]


_DUMPS: Final = msgspec.json.Decoder(_Dump)


def plain_to_lines(lines: Iterable[bytes]) -> bytes:
    """Raises ``DataIncomplete`` for a line that is not a JSON object. Its message holds nothing of the line."""
    return b"".join(_to_line(line) for line in map(bytes.strip, lines) if line)


def dump_to_lines(body: bytes) -> bytes:
    """The items of a file of dynamodump. Raises ``DataIncomplete`` as above."""
    try:
        items = [msgspec.json.format(raw, indent=-1) for raw in _DUMPS.decode(body).Items]
    except (msgspec.MsgspecError, RecursionError):
        raise DataIncomplete("it is not a file of dynamodump", hint=_HINT) from None
    return plain_to_lines(b'{"Item":' + bytes(item) + b"}" for item in items)


def _to_line(line: bytes) -> bytes:
    try:
        document: Any = json.loads(line.decode(), object_pairs_hook=unique_members)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise DataIncomplete("one of its lines is not JSON of an item", hint=_HINT)
    if document.keys() == {"Item"} and not _is_value(document["Item"]):
        return line + b"\n"
    return b'{"Item":' + line + b"}\n"


def _is_value(value: object) -> bool:
    """Then the line is an item by itself whose only attribute is called Item. It cannot be both (tests)."""
    try:
        check_value(value)
    except Defect:
        return False
    return True
