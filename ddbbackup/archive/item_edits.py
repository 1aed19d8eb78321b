"""Changes of items on their way into another table: attributes are dropped, hashed, or set.

The values that are not changed keep their JSON value. The same value has the same hash, in every attribute, item and
table that is restored with the same key, so that references still match: HMAC-SHA256 of the type and the canonical
value (numbers by value, binary values by their bytes).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddbbackup.archive.attribute_values import decimal_parts
from ddbbackup.model.item_path import EVERY, ItemPath

_HASH_BYTES: Final = 16
_NUMBER_BYTES: Final = 15  # at most 37 digits of the 38 that DynamoDB keeps
# JSON can only spell such a name in another way with a \u escape.
_ONE_SPELLING: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItemEdits:
    """What to do with each item: first ``drop``, then ``hashed`` with ``key``, then ``assigned``.

    ``assigned`` sets an attribute, or one of a map that exists, to an attribute value such as ``{"S": "x"}``.
    Picklable. ``key`` is a secret.
    """

    drop: tuple[ItemPath, ...] = ()
    hashed: tuple[ItemPath, ...] = ()
    assigned: tuple[tuple[ItemPath, Mapping[str, Any]], ...] = ()
    key: bytes = field(default=b"", repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The attributes of items that are changed, dropped, or whose inside is changed."""
        paths = (*self.drop, *self.hashed, *(path for path, _ in self.assigned))
        return frozenset(str(path[0]) for path in paths)


@dataclass(frozen=True, slots=True)
class EditedLines:
    """``lines`` in their order without the ``invalid`` ones, which are no items; ``changed`` of them differ."""

    lines: list[bytes]
    changed: int
    invalid: list[bytes]


class ItemEditor:
    """Changes lines ``{"Item":{…}}``, and lines ``{"Key":{…}}`` in the same way. Not thread-safe."""

    def __init__(self, edits: ItemEdits) -> None:
        self._edits = edits
        names = {str(path[0]) for path in (*edits.drop, *edits.hashed)}
        may_skip = not edits.assigned and EVERY not in names and all(map(_ONE_SPELLING.fullmatch, names))
        self._names = [f'"{name}"'.encode() for name in sorted(names)] if may_skip else None

    def edit(self, lines: Sequence[bytes]) -> EditedLines:
        """Of lines ``{"Key":{…}}``, which have the attributes of a key only, only hashes are applied."""
        edited: list[bytes] = []
        invalid: list[bytes] = []
        changed = 0
        for line in lines:
            after = self.edit_line(line)
            (edited if after is not None else invalid).append(after or line)
            changed += after is not None and after is not line
        return EditedLines(edited, changed, invalid)

    def edit_line(self, line: bytes) -> bytes | None:
        """The line itself if nothing changes; None for one that is no item."""
        if self._names is not None and b"\\u" not in line and not any(name in line for name in self._names):
            return line
        try:
            document = json.loads(line)
            ((member, item),) = document.items()
        except (ValueError, AttributeError, RecursionError):
            return None
        if not isinstance(item, dict):
            return None
        if not self._apply(item, is_key=member == "Key"):
            return line
        newline = b"\n" if line.endswith(b"\n") else b""
        text = json.dumps({member: item}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass") + newline

    def _apply(self, item: dict[str, Any], *, is_key: bool) -> bool:
        """Whether anything has changed."""
        changed = False
        if not is_key:
            for path in self._edits.drop:
                for container, part in _places({"M": item}, path):
                    del container[part]
                    changed = True
        for path in self._edits.hashed:
            for container, part in _places({"M": item}, path):
                value = container[part]
                container[part] = hashed_value(value, self._edits.key)
                changed |= container[part] != value
        if not is_key:
            for path, value in self._edits.assigned:
                for container, part in _places({"M": item}, path, creates=True):
                    changed |= part not in container or container[part] != value
                    container[part] = value
        return changed


def _places(value: Any, path: ItemPath, *, creates: bool = False) -> Iterator[tuple[Any, Any]]:
    """The containers with an element at ``path``, and its name or index; the last ones of a list first.

    ``creates``: also a map without that element.
    """
    first, *rest = path
    container = _container(value)
    for part in _parts(container, first, creates=creates and not rest):
        if rest:
            yield from _places(container[part], tuple(rest), creates=creates)
        else:
            yield container, part


def _container(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        kind, content = next(iter(value.items()))
        if (kind == "M" and isinstance(content, dict)) or (kind == "L" and isinstance(content, list)):
            return content
    return None


def _parts(container: Any, part: str | int, *, creates: bool) -> list[Any]:
    if isinstance(container, dict):
        if part in container or (creates and isinstance(part, str) and part != EVERY):
            return [part]
        return list(container) if part == EVERY else []
    if isinstance(container, list):
        if part == EVERY:
            return list(reversed(range(len(container))))
        return [part] if isinstance(part, int) and part < len(container) else []
    return []


def hashed_value(value: Any, key: bytes) -> Any:
    """The hash of an attribute value, of the same type; of the values inside a map or a list.

    A string becomes 32 hexadecimal digits, a number a positive integer of at most 37 digits, a binary value 16 bytes,
    a set the set of the hashes of its elements. BOOL and NULL stay: their hash would hide nothing.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return value
    kind, content = next(iter(value.items()))
    match kind, content:
        case "S" | "N" | "B", str():
            return {kind: _HASHES[kind](content, key)}
        case "SS" | "NS" | "BS", list():
            scalar = _HASHES[kind[0]]
            return {kind: list(dict.fromkeys(scalar(str(each), key) for each in content))}
        case "L", list():
            return {kind: [hashed_value(each, key) for each in content]}
        case "M", dict():
            return {kind: {name: hashed_value(each, key) for name, each in content.items()}}
        case _:
            return value


def _hashed_text(text: str, key: bytes) -> str:
    return _hmac(b"S" + text.encode("utf-8", "surrogatepass"), key)[:_HASH_BYTES].hex()


def _hashed_number(text: str, key: bytes) -> str:
    canonical = repr(decimal_parts(text) or text).encode("utf-8", "surrogatepass")
    return str(int.from_bytes(_hmac(b"N" + canonical, key)[:_NUMBER_BYTES]))


def _hashed_binary(text: str, key: bytes) -> str:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = text.encode("utf-8", "surrogatepass")
    return base64.b64encode(_hmac(b"B" + content, key)[:_HASH_BYTES]).decode()


def _hmac(message: bytes, key: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


_HASHES: Final = {"S": _hashed_text, "N": _hashed_number, "B": _hashed_binary}
