"""Exports in Amazon Ion text, as lines of the wire format.

Source: Amazon DynamoDB Developer Guide, "DynamoDB table export output format": one item per line, ``$ion_1_0
{Item:{…}}``. S is a string, N a decimal, B a blob, BOOL a bool, NULL a null, L a list, M a struct, and the sets are
lists with the annotations ``$dynamodb_SS``, ``$dynamodb_NS`` and ``$dynamodb_BS``. Lines may begin with a space
(files of other tools that read such exports).

A line of an incremental export is ``$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:…},Keys:{…},OldImage:{…},
NewImage:{…}}}``. The guide does not show one, and none from AWS was at hand. So the members may be in any order and
without ``Record``, and the time may be a decimal, an integer, or a string of digits. The rest is as strict as items.

Needs the package ``amazon.ion``, of the extra ``ion``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from ddbbackup.archive.attribute_values import decimal_parts
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.project_urls import extra_hint

_SETS: Final = {"$dynamodb_SS": "SS", "$dynamodb_NS": "NS", "$dynamodb_BS": "BS"}
_IMAGES: Final = ("OldImage", "NewImage")
_MAX_DIGITS: Final = 38
_HINT: Final = "use another export of the table: this one was damaged or changed after AWS wrote it"


def require_ion(where: str) -> None:
    """Raises ``Refused`` if the package that reads Ion is not installed; ``where`` names the export."""
    if not _is_installed():
        raise Refused(
            f"the export in {where} has the format ION, and the package amazon.ion is not installed",
            hint=extra_hint("ion"),
        )


def ion_to_lines(lines: Iterable[bytes]) -> bytes:
    """Lines of Ion as lines ``{"Item":{…}}`` of the wire format, with the same values.

    Raises ``DataIncomplete`` for a line that is no exported item. Its message holds nothing of the line.
    """
    return b"".join(_to_line(line) for line in lines if line.strip())


def ion_to_changes(lines: Iterable[bytes]) -> bytes:
    """Lines of an incremental export in Ion as lines of the wire format (``archive.changes``), with the same values.

    Raises ``DataIncomplete`` for a line that is no change. Its message holds nothing of the line.
    """
    return b"".join(_to_change(line) for line in lines if line.strip())


def _is_installed() -> bool:
    try:
        return find_spec("amazon.ion") is not None
    except ModuleNotFoundError:  # of the package `amazon`
        return False


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is used of the package: it is imported when the first line is read, because few restores read Ion."""

    loads: Callable[[str], Any]
    struct: type[Any]
    null: type[Any]


@cache
def _reader() -> _Reader:
    types = import_module("amazon.ion.simple_types")
    return _Reader(import_module("amazon.ion.simpleion").loads, types.IonPyDict, types.IonPyNull)


def _to_line(line: bytes) -> bytes:
    document = _load(line)
    try:
        members = _members(document)
        if members.keys() != {"Item"}:
            raise _not_an_item()
        return _json({"Item": _item(members["Item"])})
    except (RecursionError, UnicodeEncodeError):
        raise _not_an_item() from None


def _to_change(line: bytes) -> bytes:
    document = _load(line)
    try:
        members = _members(document)
        if members.keys() == {"Record"}:
            members = _members(members["Record"])
        if not {"Metadata", "Keys"} <= members.keys() <= {"Metadata", "Keys", *_IMAGES}:
            raise _not_an_item()
        change: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": {"N": _micros(members["Metadata"])}},
            "Keys": _item(members["Keys"]),
        }
        change |= {name: _item(members[name]) for name in _IMAGES if name in members}
        return _json(change)
    except (RecursionError, UnicodeEncodeError):
        raise _not_an_item() from None


def _load(line: bytes) -> Any:
    try:
        return _reader().loads(line.decode())
    except Exception:  # noqa: BLE001 - the package raises many types, and their texts may quote an item
        raise _not_an_item() from None


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _item(value: Any) -> dict[str, Any]:
    return {name: _attribute_value(each) for name, each in _members(value).items()}


def _micros(metadata: Any) -> str:
    members = _members(metadata)
    if "WriteTimestampMicros" not in members:
        raise _not_an_item()
    value = members["WriteTimestampMicros"]
    kind = value.ion_type.name
    if kind not in ("DECIMAL", "INT", "STRING") or isinstance(value, _reader().null):
        raise _not_an_item()
    micros = _number(value) if kind == "DECIMAL" else str(value)
    if not (micros.isascii() and micros.isdigit()):
        raise _not_an_item()
    return micros


def _members(value: Any) -> dict[str, Any]:
    """Those of a struct, none of them twice."""
    if not isinstance(value, _reader().struct):
        raise _not_an_item()
    pairs = [(str(name), each) for name, each in value.items()]
    if len(members := dict(pairs)) != len(pairs):
        raise _not_an_item()
    return members


def _attribute_value(value: Any) -> dict[str, Any]:
    kind = value.ion_type.name
    if value.ion_annotations and kind != "LIST":
        raise _not_an_item()
    if isinstance(value, _reader().null):
        kind = "NULL" if kind == "NULL" else "a null of another type"
    match kind:
        case "NULL":
            return {"NULL": True}
        case "BOOL":
            return {"BOOL": bool(value)}
        case "STRING":
            return {"S": str(value)}
        case "DECIMAL":
            return {"N": _number(value)}
        case "BLOB":
            return {"B": base64.b64encode(value).decode()}
        case "LIST":
            return _list(value)
        case "STRUCT":
            return {"M": {name: _attribute_value(each) for name, each in _members(value).items()}}
        case _:
            raise _not_an_item()


def _list(value: Any) -> dict[str, Any]:
    annotations = [each.text for each in value.ion_annotations]
    if not annotations:
        return {"L": [_attribute_value(each) for each in value]}
    kind = _SETS.get(annotations[0]) if len(annotations) == 1 else None
    if kind is None:
        raise _not_an_item()
    elements = [_attribute_value(each) for each in value]
    if not elements or any(each.keys() != {kind[0]} for each in elements):
        raise _not_an_item()
    return {kind: [each[kind[0]] for each in elements]}


def _number(value: Decimal) -> str:
    """All digits, without an exponent where 38 digits suffice, as DynamoDB writes numbers."""
    parts = decimal_parts(str(value))
    if parts is None:
        raise _not_an_item()
    negative, digits, exponent = parts
    if not digits:
        return "0"
    if exponent >= -_MAX_DIGITS and len(digits) + max(exponent, 0) <= _MAX_DIGITS:
        return f"{value:f}" if exponent < 0 else f"{'-' if negative else ''}{digits}{'0' * exponent}"
    return f"{'-' if negative else ''}{digits}E{exponent}"


def _not_an_item() -> DataIncomplete:
    return DataIncomplete("one of its lines is not an item or a change of one in Ion", hint=_HINT)
