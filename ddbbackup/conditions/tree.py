"""A condition as a tree. Every reference to a name or a value is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddbbackup.conditions.values import AttributeValue

Comparator = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Path:
    """A place in an item: names of attributes, and indexes of lists."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Size:
    path: Path


Operand = Path | Value | Size


@dataclass(frozen=True, slots=True)
class Comparison:
    comparator: Comparator
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    path: Path
    expected: bool


@dataclass(frozen=True, slots=True)
class HasType:
    path: Path
    type: str


@dataclass(frozen=True, slots=True)
class BeginsWith:
    operand: Operand
    prefix: Operand


@dataclass(frozen=True, slots=True)
class Contains:
    operand: Operand
    element: Operand


@dataclass(frozen=True, slots=True)
class And:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


Condition = Comparison | Between | In | Exists | HasType | BeginsWith | Contains | And | Or | Not
