"""What a line must contain if its item matches: found at the speed of memory, before anything is parsed.

A string has one spelling in JSON, unless it is written with escapes that it does not need: ``\\u0061`` or ``\\/``.
Lines with these are always looked at. So a line that is left out cannot match.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ddbbackup.conditions.tree import (
    And,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    In,
    Operand,
    Or,
    Path,
    Value,
)
from ddbbackup.conditions.values import AttributeValue, number

MAX_ALTERNATIVES: Final = 32  # of more, a regular expression is slower than parsing
_OTHER_SPELLINGS: Final = (b"\\u", b"\\/")


@dataclass(frozen=True, slots=True)
class Required:
    """A line must contain one of ``literals``, or match one of ``patterns``."""

    literals: tuple[bytes, ...] = ()
    patterns: tuple[bytes, ...] = ()

    @property
    def count(self) -> int:
        return len(self.literals) + len(self.patterns)

    @property
    def selectivity(self) -> int:
        """More is better: the length of the shortest alternative."""
        return min((len(each) for each in (*self.literals, *self.patterns)), default=0) - 4 * (self.count - 1)

    def select(self, block: bytes) -> list[bytes]:
        """The lines of a block that may match, in their order, with newlines."""
        if b"\\" in block and any(spelling in block for spelling in _OTHER_SPELLINGS):
            return self._select_line_by_line(block)
        if self.count == 1 and self.literals:
            return _lines_with(block, self.literals[0])
        return _lines_matching(block, self._pattern())

    def _pattern(self) -> re.Pattern[bytes]:
        # re keeps compiled patterns
        return re.compile(b"|".join((*map(re.escape, self.literals), *self.patterns)))

    def _select_line_by_line(self, block: bytes) -> list[bytes]:
        search = self._pattern().search
        return [
            line
            for line in io.BytesIO(block).readlines()
            if any(spelling in line for spelling in _OTHER_SPELLINGS) or search(line)
        ]


def required_bytes(condition: Condition) -> Required | None:
    """None if nothing is certain, so that every line must be parsed."""
    match condition:
        case And(conditions):
            found = [each for each in map(required_bytes, conditions) if each is not None]
            return max(found, key=lambda each: each.selectivity, default=None)
        case Or(conditions):
            return either([required_bytes(each) for each in conditions])
        case Comparison("=", left, right):
            return _equals(left, right)
        case In(operand, choices):
            return either([_equals(operand, choice) for choice in choices])
        case BeginsWith(Path(), Value(value)) if "S" in value:
            return _literal(b'"' + _inner(value["S"]))
        case Contains(Path(), Value(value)) if "S" in value:
            return _literal(_inner(value["S"]))
        case Between(Path(), Value(low), Value(high)) if "S" in low and "S" in high:
            # What lies between two strings begins as both of them do.
            return _literal(b'"' + _inner(_common_beginning(low["S"], high["S"])))
        case _:
            return None


def either(alternatives: Sequence[Required | None]) -> Required | None:
    """What is required if one of several conditions holds."""
    literals: list[bytes] = []
    patterns: list[bytes] = []
    for each in alternatives:
        if each is None:
            return None
        literals += each.literals
        patterns += each.patterns
    if not 0 < len(literals) + len(patterns) <= MAX_ALTERNATIVES:
        return None
    return Required(tuple(dict.fromkeys(literals)), tuple(dict.fromkeys(patterns)))


def required_value(value: AttributeValue) -> Required | None:
    """What a line contains that has this value somewhere."""
    ((kind, content),) = value.items()
    if kind == "S":
        return _literal(b'"' + _inner(content) + b'"')
    if kind == "N":
        return _number(content)
    return None


def _equals(left: Operand, right: Operand) -> Required | None:
    match left, right:
        case (Path(), Value(value)) | (Value(value), Path()):
            return required_value(value)
        case _:
            return None


def _common_beginning(one: str, other: str) -> str:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(character for character, _ in same)


def _literal(text: bytes) -> Required | None:
    return Required((text,)) if len(text) > 1 else None


def _inner(text: str) -> bytes:
    """As it is between quotes, with the escapes that JSON requires. A lone surrogate would be written as \\u…"""
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")


def _number(text: str) -> Required:
    """Every spelling of a number: the same significant digits, with a point and zeros anywhere, and any exponent."""
    digits = "".join(map(str, number(text).as_tuple().digits)).strip("0")
    if not digits:
        return Required(patterns=(rb'"[-+]?[0.]+(?:[eE][-+]?[0-9]+)?"',))
    significant = rb"\.?".join(digit.encode() for digit in digits)
    return Required(patterns=(rb'"[-+]?[0.]*' + significant + rb'[0.]*(?:[eE][-+]?[0-9]+)?"',))


def _lines_with(block: bytes, literal: bytes) -> list[bytes]:
    lines: list[bytes] = []
    at = block.find(literal)
    while at >= 0:
        start = block.rfind(b"\n", 0, at) + 1
        end = block.find(b"\n", at) + 1 or len(block)
        lines.append(block[start:end])
        at = block.find(literal, end)
    return lines


def _lines_matching(block: bytes, pattern: re.Pattern[bytes]) -> list[bytes]:
    lines: list[bytes] = []
    found = pattern.search(block)
    while found:
        start = block.rfind(b"\n", 0, found.start()) + 1
        end = block.find(b"\n", found.end()) + 1 or len(block)
        lines.append(block[start:end])
        found = pattern.search(block, end)
    return lines
