"""Cuts the items out of a page of a scan, byte for byte, and proves that nothing of the page was overlooked.

msgspec checks the JSON of the whole page and hands out each item as the bytes that it consists of. It decodes none of
them. It does not say whether a member of the page was there twice, so the lengths of all parts are added up: if they
are the length of the page, the page holds nothing else. That is so for servers that write JSON without spaces, such
as DynamoDB. Any other page is parsed a second time, and refused if a member is there twice anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ddbbackup.bulk.responses import Unproven, check_content_type, consumed_units
from ddbbackup.ports import BulkResponse, KeyAttribute

_BETWEEN: Final = b'}\n{"Item":'
_ITEM: Final = b'{"'
_AFTER_ITEM: Final = b"{#"  # the smallest byte string that sorts after all that begin as an item
_BLOCK_BYTES: Final = 64 << 10
_ABSENT: Final = msgspec.Raw(b"")

Key = Mapping[str, Mapping[str, str]]
"""A key as Scan takes and returns it: ``{"id": {"S": "a"}}``."""


@dataclass(frozen=True, slots=True)
class Page:
    """``blocks`` are export lines, ``{"Item":{…}}`` and a newline for each item, in pieces of bounded size.

    ``size_bytes`` is their length. ``last_key`` is None at the end of the segment. ``read_units`` is 0 if the server
    does not count them.
    """

    blocks: tuple[bytes, ...]
    size_bytes: int
    item_count: int
    last_key: Key | None
    read_units: float


class _Members(msgspec.Struct, forbid_unknown_fields=True):
    """The members of a response to Scan, as DynamoDB's API reference lists them. All but ``Items`` are small."""

    Items: list[msgspec.Raw]
    Count: msgspec.Raw
    ScannedCount: msgspec.Raw
    LastEvaluatedKey: msgspec.Raw = _ABSENT
    ConsumedCapacity: msgspec.Raw = _ABSENT


# Made when the module is imported: see ``model.documents.DocumentType``.
_MEMBERS: Final = msgspec.json.Decoder(_Members)
_COUNT: Final = msgspec.json.Decoder(int)
_KEY: Final = msgspec.json.Decoder(dict[str, dict[str, str]])


def cut_page(response: BulkResponse, table: str, keys: tuple[KeyAttribute, ...]) -> Page:
    """The page in a response with the status 200.

    Raises ``Unproven`` unless it has exactly the shape of a response to a Scan without a filter: every member known
    and there once, as many items as ``Count`` says, each an object that is not empty, a last key of the attributes of
    the table's key, and units of this table.
    """
    check_content_type(response)
    body = response.body
    members = _members(body)
    items = list(map(bytes, members.Items))
    # dynoxide counts as scanned also the item that did not fit into the page.
    if not len(items) == _count(members.Count) <= _count(members.ScannedCount):
        raise Unproven("another number of items than it says")
    if not _is_compact(body, members, items):
        _parse(body)  # refuses members that are there twice
        items = [item.replace(b"\n", b" ") for item in items]  # white space: a text holds newlines as escapes
    blocks = tuple(_blocks(items))
    return Page(
        blocks,
        sum(map(len, blocks)),
        len(items),
        last_key=_last_key(members.LastEvaluatedKey, keys),
        read_units=_units(members.ConsumedCapacity, table),
    )


def _members(body: bytes) -> _Members:
    try:
        if not body.isascii():
            body.decode()
        return _MEMBERS.decode(body)
    except UnicodeDecodeError:
        raise Unproven("a body that is not UTF-8") from None
    except msgspec.ValidationError:
        raise Unproven("a body that is not a response to Scan") from None
    except (msgspec.DecodeError, RecursionError):
        raise Unproven("a body that is not JSON") from None


def _count(raw: msgspec.Raw) -> int:
    try:
        return _COUNT.decode(raw)
    except msgspec.DecodeError:
        raise Unproven("a count that is not a number") from None


def _is_compact(body: bytes, members: _Members, items: list[bytes]) -> bool:
    """Whether the parts that were found, and the punctuation between them, are as long as the body."""
    found = len('{"Items":[]') + sum(map(len, items)) + max(0, len(items) - 1)
    for name in ("Count", "ScannedCount", "LastEvaluatedKey", "ConsumedCapacity"):
        value: msgspec.Raw = getattr(members, name)
        if value:
            found += len(f',"{name}":') + len(value)
    return found + len("}") == len(body) and b"\n" not in body


def _parse(value: bytes | msgspec.Raw) -> Any:
    """Numbers become texts: they are exact, and none is too long."""
    try:
        return json.loads(bytes(value), object_pairs_hook=_unique_members, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise Unproven("a body that is not JSON") from None


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise Unproven("a member that is there twice")
    return document


def _blocks(items: list[bytes]) -> Iterator[bytes]:
    """The lines of all items. One large block takes longer: its memory is returned and requested each time."""
    if not items:
        return
    if min(items) < _ITEM or max(items) >= _AFTER_ITEM:
        for item in items:  # one may have white space behind its first brace
            value = _parse(item)
            if not isinstance(value, dict) or not value:
                raise Unproven("a value that is not an item")
    count = max(1, _BLOCK_BYTES * len(items) // sum(map(len, items)))
    for start in range(0, len(items), count):
        block = items[start : start + count]
        block[0] = b'{"Item":' + block[0]
        block[-1] += b"}\n"
        yield _BETWEEN.join(block)


def _last_key(raw: msgspec.Raw, keys: tuple[KeyAttribute, ...]) -> Key | None:
    if not raw:
        return None
    try:
        key = _KEY.decode(raw)
    except msgspec.DecodeError:
        raise Unproven("a last key that is not a key") from None
    if not is_key(key, keys):
        raise Unproven("a last key that is not one of the table")
    return key


def is_key(key: Key, keys: Sequence[KeyAttribute]) -> bool:
    """Whether ``key`` has exactly the attributes ``keys``, each with its type."""
    return {name: tuple(value) for name, value in key.items()} == {each.name: (each.type,) for each in keys}


def _units(raw: msgspec.Raw, table: str) -> float:
    if not raw:
        return 0.0
    try:
        return consumed_units(msgspec.json.decode(raw), table)
    except (msgspec.DecodeError, RecursionError):
        raise Unproven("a consumed capacity that is not JSON") from None
