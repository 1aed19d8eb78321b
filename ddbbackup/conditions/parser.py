"""From the text of a condition to a tree, or to problems that point into the text.

The grammar and the order of precedence are those of the Developer Guide: comparisons, IN and BETWEEN, functions,
parentheses, NOT, AND, OR. Two things are more convenient than in DynamoDB: words that it reserves may be names of
attributes, and no limit but the length holds the number of operators down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from ddbbackup.conditions.tokens import BadToken, Token, tokens_of
from ddbbackup.conditions.tree import (
    And,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
    Contains,
    Exists,
    HasType,
    In,
    Not,
    Operand,
    Or,
    Path,
    Size,
    Value,
)
from ddbbackup.conditions.values import ORDERED, SCALARS, TYPES, type_of, value_problem

MAX_LENGTH: Final = 4096  # AWS's limit of an expression
MAX_CHOICES: Final = 100  # AWS's limit of IN
_MAX_DEPTH: Final = 50
_COMPARATORS: Final[tuple[Comparator, ...]] = get_args(Comparator)
_FUNCTIONS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}

Part = Literal["where", "names", "values"]


@dataclass(frozen=True, slots=True)
class ConditionProblem:
    """``offset`` counts characters of the text, if ``part`` is ``where``; else ``name`` is the key in ``part``."""

    part: Part
    offset: int
    name: str
    message: str
    hint: str


class InvalidCondition(Exception):
    """No message has a value in it."""

    def __init__(self, problems: tuple[ConditionProblem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def parse_condition(text: str, names: Mapping[str, str], values: Mapping[str, Any]) -> Condition:
    """``names`` are ``#name`` to attribute names, ``values`` are ``:name`` to attribute values.

    Raises ``InvalidCondition`` with everything that can be said about it at once.
    """
    if len(text.encode()) > MAX_LENGTH:
        message = f"a condition has at most {MAX_LENGTH} bytes"
        raise InvalidCondition(
            (ConditionProblem("where", 0, "", message, "shorten it, or restore in several steps"),)
        )
    try:
        parser = _Parser(tokens_of(text), names, values)
    except BadToken as bad:
        raise InvalidCondition((ConditionProblem("where", bad.offset, "", bad.message, bad.hint),)) from None
    try:
        condition = parser.parse()
    except _SyntaxError as error:
        raise InvalidCondition((*parser.problems, error.problem)) from None
    parser.check_unused()
    if parser.problems:
        raise InvalidCondition(tuple(parser.problems))
    return condition


class _SyntaxError(Exception):
    def __init__(self, problem: ConditionProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Parser:
    """``problems`` are those after which it could go on."""

    def __init__(self, tokens: list[Token], names: Mapping[str, str], values: Mapping[str, Any]) -> None:
        self.problems: list[ConditionProblem] = []
        self._tokens, self._names, self._values = tokens, names, values
        self._position = 0
        self._depth = 0
        self._used: set[str] = set()
        self._bad_values: set[str] = set()
        for name, value in values.items():
            problem = value_problem(value)
            if problem:
                self._bad_values.add(name)
                self.problems.append(
                    ConditionProblem("values", 0, name, problem, "correct the value, or its type")
                )

    # ---- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += token.kind != "end"
        return token

    def _accept(self, *texts: str) -> Token | None:
        if self._next.kind in ("keyword", "symbol") and self._next.text in texts:
            return self._take()
        return None

    def _expect(self, text: str, hint: str) -> None:
        if not self._accept(text):
            raise self._failure(self._next, f"expected {text} {self._before(self._next)}", hint)

    def _before(self, token: Token) -> str:
        return "at the end" if token.kind == "end" else f"before {token.text!r}"

    def _failure(self, token: Token, message: str, hint: str) -> _SyntaxError:
        return _SyntaxError(ConditionProblem("where", token.offset, "", message, hint))

    def _note(self, token: Token, message: str, hint: str) -> None:
        self.problems.append(ConditionProblem("where", token.offset, "", message, hint))

    # ---- conditions

    def parse(self) -> Condition:
        condition = self._or()
        if self._next.kind != "end":
            raise self._failure(
                self._next,
                f"unexpected {self._next.text!r}",
                "combine conditions with AND, OR and parentheses",
            )
        return condition

    def check_unused(self) -> None:
        """AWS refuses them too: they are usually a mistake in the condition."""
        for name in [*self._names, *self._values]:
            if name not in self._used:
                part: Part = "names" if name in self._names else "values"
                self.problems.append(
                    ConditionProblem(
                        part,
                        0,
                        name,
                        f"the condition does not use {name}",
                        "remove it, or correct the condition",
                    )
                )

    def _or(self) -> Condition:
        conditions = [self._and()]
        while self._accept("OR"):
            conditions.append(self._and())
        return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))

    def _and(self) -> Condition:
        conditions = [self._not()]
        while self._accept("AND"):
            conditions.append(self._not())
        return conditions[0] if len(conditions) == 1 else And(tuple(conditions))

    def _not(self) -> Condition:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._failure(self._next, "the condition is nested too deeply", "simplify it")
        condition = Not(self._not()) if self._accept("NOT") else self._simple()
        self._depth -= 1
        return condition

    def _simple(self) -> Condition:
        if self._accept("("):
            condition = self._or()
            self._expect(")", "close the parenthesis")
            return condition
        if self._is_call() and self._next.text in _FUNCTIONS:
            return self._function()
        start = self._next
        operand = self._operand()
        if token := self._accept(*_COMPARATORS):
            return self._comparison(token, start, operand)
        if self._accept("BETWEEN"):
            return self._between(operand)
        if self._accept("IN"):
            return self._in(operand)
        raise self._failure(
            self._next,
            f"expected a comparison {self._before(self._next)}",
            "use =, <>, <, <=, >, >=, BETWEEN or IN, or a function such as begins_with",
        )

    def _comparison(self, token: Token, start: Token, left: Operand) -> Condition:
        right_token = self._next
        right = self._operand()
        (comparator,) = [each for each in _COMPARATORS if each == token.text]
        if comparator not in ("=", "<>"):
            self._check_ordered(start, left, comparator)
            self._check_ordered(right_token, right, comparator)
        self._check_distinct(token, comparator, left, right)
        return Comparison(comparator, left, right)

    def _between(self, operand: Operand) -> Condition:
        low_token = self._next
        low = self._operand()
        self._check_ordered(low_token, low, "BETWEEN")
        self._expect("AND", "write BETWEEN :low AND :high")
        high_token = self._next
        high = self._operand()
        self._check_ordered(high_token, high, "BETWEEN")
        if isinstance(low, Value) and isinstance(high, Value):
            self._check_bounds(high_token, low, high)
        self._check_distinct(low_token, "BETWEEN", operand, low, high)
        return Between(operand, low, high)

    def _in(self, operand: Operand) -> Condition:
        token = self._next
        self._expect("(", "write IN (:a, :b)")
        choices = [self._operand()]
        while self._accept(","):
            choices.append(self._operand())
        self._expect(")", "close the parenthesis")
        if len(choices) > MAX_CHOICES:
            self._note(token, f"IN takes at most {MAX_CHOICES} values", "combine several IN with OR")
        self._check_distinct(token, "IN", operand, *choices)
        return In(operand, tuple(choices))

    def _function(self) -> Condition:
        name = self._take()
        self._expect("(", "write the operands in parentheses")
        first_token = self._next
        first = self._operand()
        second_token = self._next
        second: Operand | None = None
        if _FUNCTIONS[name.text] == 2:
            self._expect(",", f"write {name.text}(path, :value)")
            second_token = self._next
            second = self._operand()
        self._expect(")", "close the parenthesis")
        match name.text:
            case "attribute_exists" | "attribute_not_exists":
                return Exists(self._path_of(first_token, first), name.text == "attribute_exists")
            case "attribute_type":
                return HasType(self._path_of(first_token, first), self._type_of(second_token, second))
        if second is None:
            raise self._failure(
                second_token, f"{name.text} needs two operands", f"write {name.text}(path, :value)"
            )
        self._check_distinct(name, name.text, first, second)
        if name.text == "contains":
            return Contains(first, second)
        for token, operand in ((first_token, first), (second_token, second)):
            if isinstance(operand, Value) and type_of(operand.value) not in ("S", "B"):
                self._note(token, "begins_with needs a value of type S or B", "correct the type of the value")
        return BeginsWith(first, second)

    # ---- operands

    def _operand(self) -> Operand:
        token = self._next
        if token.kind == "value":
            self._take()
            return self._value(token)
        if self._is_call():
            if token.text != "size":
                raise self._failure(
                    token,
                    f"{token.text}() is not a function that can be compared",
                    f"use one of {', '.join(_FUNCTIONS)} as a condition, or size(path)",
                )
            self._take()
            self._expect("(", "write size(path)")
            inner = self._next
            path = self._path_of(inner, self._operand())
            self._expect(")", "close the parenthesis")
            return Size(path)
        return self._path()

    def _is_call(self) -> bool:
        following = self._tokens[min(self._position + 1, len(self._tokens) - 1)]
        return self._next.kind == "word" and following.text == "("

    def _value(self, token: Token) -> Value:
        self._used.add(token.text)
        if token.text in self._bad_values:
            return Value({"NULL": True})
        value = self._values.get(token.text)
        if value is None:
            self._note(token, f"{token.text} has no value", f"give {token.text} a value with its type")
            return Value({"NULL": True})
        return Value(value)

    def _path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self._accept("."):
                parts.append(self._name())
            elif self._accept("["):
                index = self._take()
                if index.kind != "index":
                    raise self._failure(
                        index, f"expected an index {self._before(index)}", "write an index such as [0]"
                    )
                parts.append(int(index.text))
                self._expect("]", "close the bracket")
            else:
                return Path(tuple(parts))

    def _name(self) -> str:
        token = self._take()
        if token.kind == "word":
            return token.text
        if token.kind == "name":
            self._used.add(token.text)
            if token.text not in self._names:
                self._note(
                    token, f"{token.text} has no attribute name", f"give {token.text} an attribute name"
                )
            return self._names.get(token.text, "")
        if token.kind == "index":
            raise self._failure(
                token,
                "expected an attribute or a :value instead of a number",
                "write a value as :name, and give it a type",
            )
        what = "the end" if token.kind == "end" else repr(token.text)
        raise self._failure(
            token, f"expected an attribute or a :value instead of {what}", "write an attribute name"
        )

    # ---- what AWS refuses as well

    def _path_of(self, token: Token, operand: Operand) -> Path:
        if not isinstance(operand, Path):
            raise self._failure(token, "expected an attribute here", "write the name or path of an attribute")
        return operand

    def _type_of(self, token: Token, operand: Operand | None) -> str:
        if not isinstance(operand, Value) or operand.value.get("S") not in TYPES:
            self._note(
                token,
                "attribute_type needs a value {S: type}",
                f"give it the type {', '.join(TYPES[:-1])} or {TYPES[-1]}",
            )
            return "S"
        return str(operand.value["S"])

    def _check_ordered(self, token: Token, operand: Operand, operator: str) -> None:
        if token.text in self._bad_values or (token.kind == "value" and token.text not in self._values):
            return
        if isinstance(operand, Value) and type_of(operand.value) not in ORDERED:
            self._note(
                token, f"{operator} cannot compare a value of type {type_of(operand.value)}", "use = or <>"
            )

    def _check_bounds(self, token: Token, low: Value, high: Value) -> None:
        kind = type_of(low.value)
        if type_of(high.value) != kind:
            self._note(token, "the bounds of BETWEEN have different types", "give both the same type")
        elif kind in ORDERED and SCALARS[kind](low.value[kind]) > SCALARS[kind](high.value[kind]):
            self._note(token, "the upper bound of BETWEEN is below the lower one", "exchange the bounds")

    def _check_distinct(self, token: Token, operator: str, first: Operand, *others: Operand) -> None:
        if isinstance(first, Path) and first in others:
            self._note(token, f"{operator} compares an attribute with itself", "correct one of the operands")
