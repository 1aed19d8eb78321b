"""Conditions as people write them: what they mean, and problems that point to the place."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.conditions import InvalidCondition, parse_condition
from ddbbackup.conditions.tree import And, Comparison, Condition, Not, Or, Path, Value

A = {":a": {"S": "a"}}
N = {":n": {"N": "1"}}
SECRET = "s3cr3t"


def equal(name: str, value: str = "a") -> Condition:
    return Comparison("=", Path((name,)), Value({"S": value}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = :a OR b = :a AND NOT c = :a", Or((equal("a"), And((equal("b"), Not(equal("c"))))))),
        ("NOT a = :a AND b = :a", And((Not(equal("a")), equal("b")))),
        ("(a = :a or b = :a) and c = :a", And((Or((equal("a"), equal("b"))), equal("c")))),
        ("  a=:a\n", equal("a")),
    ],
)
def test_not_binds_before_and_and_before_or(text: str, expected: Condition) -> None:
    assert parse_condition(text, {}, A) == expected


def test_paths_have_names_placeholders_and_indexes() -> None:
    found = parse_condition("a.#b[0][12].c = :a", {"#b": "with.dot"}, A)
    assert found == Comparison("=", Path(("a", "with.dot", 0, 12, "c")), Value({"S": "a"}))


def test_words_that_dynamodb_reserves_are_names() -> None:
    """`status`, `name`, `date` and 570 others: nothing is gained here by refusing them."""
    assert parse_condition("status = :a", {}, A) == equal("status")
    assert parse_condition("size = :a", {}, A) == equal("size")


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "expected an attribute or a :value instead of the end"),
        ("a", 1, "expected a comparison at the end"),
        ("a = ", 4, "expected an attribute or a :value instead of the end"),
        ("a = 'x'", 4, '"\'" has no meaning in a condition'),
        ("a != :a", 2, "'!' has no meaning in a condition"),
        ("a-b = :a", 1, "'-' has no meaning in a condition"),
        ("a = 5", 4, "expected an attribute or a :value instead of a number"),
        ("a == :a", 3, "expected an attribute or a :value instead of '='"),
        ("a = :a b = :a", 7, "unexpected 'b'"),
        ("(a = :a", 7, "expected ) at the end"),
        ("a BETWEEN :a OR :a", 13, "expected AND before 'OR'"),
        ("a IN :a", 5, "expected ( before ':a'"),
        ("a[x] = :a", 2, "expected an index before 'x'"),
        ("attribute_exists(:a)", 17, "expected an attribute here"),
        ("beginswith(a, :a)", 0, "beginswith() is not a function that can be compared"),
        ("begins_with(a)", 13, "expected , before ')'"),
        ("a = :a AND b = :b", 15, ":b has no value"),
        ("a = :a AND #b = :a", 11, "#b has no attribute name"),
        ("a = :a AND b = b", 13, "= compares an attribute with itself"),
        ("NOT " * 60 + "a = :a", 200, "the condition is nested too deeply"),
    ],
)
def test_a_problem_points_into_the_text(text: str, offset: int, message: str) -> None:
    with pytest.raises(InvalidCondition) as raised:
        parse_condition(text, {}, A)
    problem = raised.value.problems[0] if ":a" in text else raised.value.problems[-1]
    assert (problem.part, problem.offset, problem.message) == ("where", offset, message)
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a < :v", {":v": {"BOOL": True}}, "< cannot compare a value of type BOOL"),
        ("a BETWEEN :v AND :n", {":v": {"N": "2"}, **N}, "the upper bound of BETWEEN is below the lower one"),
        ("a BETWEEN :v AND :n", {":v": {"S": "2"}, **N}, "the bounds of BETWEEN have different types"),
        ("begins_with(a, :n)", N, "begins_with needs a value of type S or B"),
        ("attribute_type(a, :n)", N, "attribute_type needs a value {S: type}"),
        ("attribute_type(a, :v)", {":v": {"S": "STRING"}}, "attribute_type needs a value {S: type}"),
    ],
)
def test_what_aws_refuses_is_a_problem(text: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidCondition) as raised:
        parse_condition(text, {}, values)
    assert [problem.message for problem in raised.value.problems] == [message]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (SECRET, "a value needs its type"),
        ({"S": 5}, "S needs a text in quotes"),
        ({"N": 5}, "N needs a text in quotes"),
        ({"N": SECRET}, "N needs a number"),
        ({"N": "1" * 39}, "a number has at most 38 digits"),
        ({"N": "NaN"}, "N needs a number"),
        ({"B": "%"}, "B needs base64"),
        ({"SS": []}, "SS needs a list with at least one element"),
        ({"NS": ["1", "1.0"]}, "NS holds an element twice"),
        ({"L": [{"X": 1}]}, "'X' is not a type of DynamoDB"),
        ({"M": {"x": {"BOOL": 1}}}, "BOOL needs true or false"),
        ({"NULL": False}, "NULL needs true"),
    ],
)
def test_a_value_needs_its_type_and_no_message_repeats_it(value: Any, message: str) -> None:
    with pytest.raises(InvalidCondition) as raised:
        parse_condition("a = :v", {}, {":v": value})
    (problem,) = raised.value.problems
    assert (problem.part, problem.name) == ("values", ":v")
    assert problem.message.startswith(message)
    assert SECRET not in problem.message


def test_everything_is_said_at_once() -> None:
    with pytest.raises(InvalidCondition) as raised:
        parse_condition("#x = :a", {"#y": "y"}, {":b": {"S": "b"}})
    assert [(each.part, each.name or each.offset, each.message) for each in raised.value.problems] == [
        ("where", 0, "#x has no attribute name"),
        ("where", 5, ":a has no value"),
        ("names", "#y", "the condition does not use #y"),
        ("values", ":b", "the condition does not use :b"),
    ]


def test_the_length_is_limited_as_by_aws() -> None:
    with pytest.raises(InvalidCondition, match="at most 4096 bytes"):
        parse_condition("a = :a AND " * 400 + "a = :a", {}, A)
