"""Errors of the schema as problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ddbbackup.plan.document import Document, Mark, format_path
from ddbbackup.plan.schema_problems import _required_keys, check_schema
from ddbbackup.plan.schemas import plan_schema, resolve

ANNOTATIONS = {
    *("$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "default", "examples"),
    *("x-noun", "x-format", "x-missing", "x-secret"),
}
APPLICATORS = {"properties", "patternProperties", "items", "if", "else", "propertyNames"}
KEYS = (
    "version",
    "name",
    "nmae",
    "tables",
    "tabels",
    "restores",
    "match",
    "from",
    "table",
    "expect",
    "min",
    "x-a",
)
SCALARS = st.sampled_from([None, True, 1, 2.0, -1, "", "orders", "a b", "1", "latest", "24h"])
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=5))
def test_what_the_schema_refuses_has_a_problem_and_nothing_else_has(data: dict[str, Any]) -> None:
    """However the errors of a validator are combined, no document slips through."""
    problems = list(check_schema(document_of(data)))
    errors = list(Draft202012Validator(plan_schema()).iter_errors(data))
    if errors:
        assert problems
    else:
        assert all(
            problem.code in ("wrong-type", "bad-value")  # our own, stricter keywords
            for problem in problems
        )
    assert len({(problem.path, problem.code, problem.message) for problem in problems}) == len(problems)


def test_every_keyword_of_the_schema_has_words() -> None:
    """A keyword that nobody explains would refuse a plan without saying why."""
    from ddbbackup.plan import schema_problems  # noqa: PLC0415 - its tables are an implementation detail

    explained = set(schema_problems._EXPLAIN_VALUE) | schema_problems._KEY_KEYWORDS
    assert set(keywords_of(plan_schema())) <= explained | ANNOTATIONS | APPLICATORS


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        ({"nmae": "p"}, {"nmae": "unknown-key", "version": "missing-key"}),
        ({"tabels": []}, {"tabels": "unknown-key"}),
        ({"tables": [{"name": "orders"}], "destination": {}}, {"destination": "unknown-key"}),
        ({"tables": [{"nmae": "orders"}]}, {"tables[0].nmae": "unknown-key", "tables": "missing-key"}),
        (
            {"tables": [{"nmae": "x", "match": "*"}]},
            {"tables[0].nmae": "unknown-key", "tables": "missing-key"},
        ),
    ],
)
def test_a_misspelled_key_is_not_reported_as_missing_too(data: dict[str, Any], paths: dict[str, str]) -> None:
    """One mistake, one problem."""
    complete = {"name": "p"} if "nmae" not in data else {}
    version = {} if "nmae" in data else {"version": 1}
    problems = check_schema(document_of({**version, **complete, "restores": {}, **data}))
    assert {problem.path: problem.code for problem in problems} == paths


def test_a_value_has_one_problem_though_several_keywords_fail() -> None:
    """The type before the constant, the pattern before the length."""
    data = {"version": "2", "name": "p", "restores": {"back": {"table": True}}}
    problems = list(check_schema(document_of(data)))
    assert [(problem.path, problem.code) for problem in problems] == [
        ("version", "wrong-type"),
        ("restores.back.table", "wrong-type"),
    ]


WRONG: tuple[Any, ...] = (
    None,
    True,
    5,
    2.5,
    123456789012,
    "",
    " ",
    "x",
    "12345",
    "a\nb",
    {},
    {"a": 1},
    [],
    ["a"],
)


def lists_of(schema: dict[str, Any], path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """The path of every list of the plan, with the schema of its elements."""
    schema = resolve(schema)
    for branch in schema.get("anyOf", ()):
        yield from lists_of(branch, path)
    for key, child in schema.get("properties", {}).items():
        yield from lists_of(child, (*path, key))
    if isinstance(child := schema.get("additionalProperties"), dict):
        yield from lists_of(child, (*path, "any"))
    if (child := schema.get("items")) is not None:
        yield path, child
        yield from lists_of(child, (*path, 0))


@pytest.mark.parametrize(
    ("path", "element"), [pytest.param(*each, id=format_path(each[0])) for each in lists_of(plan_schema())]
)
def test_a_wrong_element_of_a_list_has_a_problem(path: tuple[str | int, ...], element: Any) -> None:
    """An account without quotes in `to.allow` was no problem, but a traceback."""
    refused = 0
    for wrong in WRONG:
        if Draft202012Validator(plan_schema()).evolve(schema=element).is_valid(wrong):
            continue
        data: Any = [wrong]
        for part in reversed(path):
            data = [data] if part == 0 else {part: data}
        place = format_path((*path, 0))
        assert any(each.path.startswith(place) for each in check_schema(document_of(data))), (place, wrong)
        refused += 1
    assert refused > len(WRONG) // 2


def test_an_account_without_quotes_is_answered_with_quotes() -> None:
    """The most likely mistake."""
    to = {"table": "copy", "allow": [123456789012, "12345"]}
    data = {"version": 1, "name": "p", "restores": {"back": {"table": "orders", "to": to}}}
    problems = list(check_schema(document_of(data)))
    assert [(each.path, each.code) for each in problems] == [
        ("restores.back.to.allow[0]", "wrong-type"),
        ("restores.back.to.allow[1]", "bad-value"),
    ]
    assert problems[0].hint == 'add quotes: "123456789012"'
    assert problems[1].message == "'12345' is not an AWS account ID or `*`"


def test_alternatives_of_a_value_name_their_types() -> None:
    """Their problem says which types there are; alternatives of keys say which keys."""
    for branches in alternatives_of(plan_schema()):
        names_keys = [bool(_required_keys(branch)) for branch in branches]
        assert all(names_keys) or (not any(names_keys) and all("type" in branch for branch in branches))


def alternatives_of(schema: Any) -> Iterator[list[dict[str, Any]]]:
    if isinstance(schema, dict) and isinstance(branches := schema.get("anyOf"), list):
        yield branches
    for child in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from alternatives_of(child)


def document_of(data: Any) -> Document:
    return Document(data, {(): Mark("plan.yaml", 1, 1)}, {})


def keywords_of(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of its subschemas, but not the names of properties."""
    if isinstance(schema, list):
        for each in schema:
            yield from keywords_of(each)
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        yield keyword
        if keyword in ("properties", "patternProperties", "$defs"):
            for child in value.values():
                yield from keywords_of(child)
        elif keyword in ("anyOf", "oneOf", "items", "additionalProperties", "propertyNames", "if", "else"):
            yield from keywords_of(value)
