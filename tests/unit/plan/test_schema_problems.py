"""Errors of the schema as problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ddbbackup.plan.document import Document, Mark
from ddbbackup.plan.schema_problems import check_schema
from ddbbackup.plan.schemas import plan_schema

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
