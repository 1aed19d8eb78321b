"""Which items a restore or a search is about: by their keys, by their partition, or by a condition.

Most lines are left out by their bytes, before anything is parsed (``conditions.required_bytes``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from ddbbackup.archive.changes import Change
from ddbbackup.archive.item_keys import ItemKeys, canonical_value, join_values, wire_key
from ddbbackup.archive.lines import split_lines
from ddbbackup.conditions import (
    Condition,
    InvalidCondition,
    Required,
    compile_condition,
    parse_condition,
    required_bytes,
)
from ddbbackup.conditions.required_bytes import MAX_ALTERNATIVES, either, required_value
from ddbbackup.errors import Refused
from ddbbackup.plan.model import KeyValue, Only
from ddbbackup.ports import KeyAttribute

INVALID_ITEM: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What an item that is none raises when it is looked at."""
_HINT = "name all key attributes of the table, with values of their types"


class NoSuchKey(Refused):
    """What should be keys of items does not have the key attributes of the table, or values of other types."""


class Matched(NamedTuple):
    """Of some lines those with matching items, and those that are no items."""

    lines: list[bytes]
    invalid: list[bytes]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Picklable. Either ``wanted`` are the values of ``keys``, in canonical form, or ``condition`` decides.

    ``required``: what a line must contain to match, if that is certain.
    """

    keys: tuple[KeyAttribute, ...] = ()
    wanted: frozenset[bytes] = frozenset()
    condition: Condition | None = None
    required: Required | None = None

    def open(self) -> ItemMatcher:
        return ItemMatcher(self)


class ItemMatcher:
    """A filter at work. Thread-safe."""

    def __init__(self, item_filter: ItemFilter) -> None:
        self._required, self._wanted = item_filter.required, item_filter.wanted
        self._keys = ItemKeys(item_filter.keys)
        self._matches = compile_condition(item_filter.condition) if item_filter.condition else None

    def select(self, block: bytes) -> list[bytes]:
        """The lines of a block that may match: all lines, if nothing is certain."""
        return split_lines(block) if self._required is None else self._required.select(block)

    def matching(self, lines: Sequence[bytes]) -> Matched:
        """``lines`` are ``{"Item":{…}}``, with or without newlines."""
        candidates = self._candidates(lines)
        if self._matches is None:
            wanted, key_of = self._wanted, self._keys.of_line
            return Matched([line for line in candidates if key_of(line) in wanted], [])
        found, invalid, matches = [], [], self._matches
        for line in candidates:
            try:
                if matches(item_of(line)):
                    found.append(line)
            except INVALID_ITEM:
                invalid.append(line)
        return Matched(found, invalid)

    def matches_key(self, line: bytes) -> bool:
        """For ``{"Key":{…}}`` of a deleted item: a condition says nothing of an item that is not there."""
        if self._matches is not None:
            return False
        try:
            return self._keys.of_item(json.loads(line)["Key"]) in self._wanted
        except (ValueError, LookupError, RecursionError):
            return False

    def matches_change(self, change: Change) -> bool:
        """By its key; or by a condition that holds before or after it."""
        if self._matches is None:
            return self._keys.of_item(change.key_attributes) in self._wanted
        return any(image is not None and self._matches(image) for image in (change.old, change.new))

    def _candidates(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        if self._required is None or not lines or not lines[0].endswith(b"\n"):
            return lines
        return self._required.select(b"".join(lines))


def item_of(line: bytes) -> Mapping[str, Any]:
    """The item of a line. Raises ``ValueError`` or ``LookupError`` for what is none."""
    try:
        document: Any = msgspec.json.decode(line)
    except msgspec.DecodeError:
        document = json.loads(line)  # accepts lone surrogates
    item: Mapping[str, Any] = document["Item"]
    return item


def item_filter(only: Only, keys: Sequence[KeyAttribute]) -> ItemFilter:
    """``keys`` are those of the table. Raises ``NoSuchKey``, and ``Refused`` if the condition is invalid."""
    hash_key = tuple(key for key in keys if key.role == "HASH")
    if only.where is not None:
        try:
            condition = parse_condition(only.where, only.names, only.values)
        except InvalidCondition as error:
            first = error.problems[0]
            raise Refused(f"the condition is invalid: {first.message}", hint=first.hint) from None
        return ItemFilter(condition=condition, required=required_bytes(condition))
    if only.partition is not None:
        return _by_keys(hash_key, [{hash_key[0].name: only.partition}])
    return _by_keys(tuple(keys), only.keys)


def filter_of_keys(keys: Sequence[KeyAttribute], canonical: Collection[bytes]) -> ItemFilter:
    """The items with these keys, which are in the form of ``archive.item_keys``."""
    if len(canonical) > MAX_ALTERNATIVES:
        return ItemFilter(tuple(keys), frozenset(canonical))
    return _by_keys(tuple(keys), [wire_key(key, keys) for key in canonical])


def _by_keys(keys: tuple[KeyAttribute, ...], wanted: Sequence[Mapping[str, KeyValue]]) -> ItemFilter:
    ordered = sorted(keys, key=lambda key: key.role != "HASH")
    values: set[bytes] = set()
    required: list[Required | None] = []
    for key in wanted:
        if set(key) != {each.name for each in ordered}:
            names = " and ".join(f"{each.name} ({each.type})" for each in ordered)
            raise NoSuchKey(f"a key of `only` is not a key of the table, which is {names}", hint=_HINT)
        typed = [_typed(each, key[each.name]) for each in ordered]
        canonical = [
            canonical_value(each.type, value[each.type]) for each, value in zip(ordered, typed, strict=True)
        ]
        parts = [part for part in canonical if part is not None]
        if len(parts) < len(ordered):
            raise NoSuchKey(
                "a key of `only` has a value that is not of the type of its attribute", hint=_HINT
            )
        values.add(join_values(parts))
        certain = [each for each in map(required_value, typed) if each is not None]
        required.append(max(certain, key=lambda each: each.selectivity, default=None))
    return ItemFilter(tuple(keys), frozenset(values), required=either(required))


def _typed(attribute: KeyAttribute, value: KeyValue) -> Mapping[str, Any]:
    """A plain value gets the type that the table says."""
    if isinstance(value, str):
        return {attribute.type: value}
    if set(value) != {attribute.type}:
        raise NoSuchKey(
            f"the key attribute {attribute.name} has the type {attribute.type}, but `only` says another",
            hint=_HINT,
        )
    return value
