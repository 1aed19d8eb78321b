"""Variables in values: what is filled in, and what type the result has."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.plan.document import ValuePath
from ddbbackup.plan.interpolation import ExpressionError, interpolate, substitute
from ddbbackup.plan.schemas import plan_schema, resolve, schemas_at
from ddbbackup.plan.yaml_reader import parse

ENVIRONMENT = {"SET": "value", "EMPTY": "", "NUMBER": "12"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${SET}", "value"),
        ("a-${SET}-${NUMBER}", "a-value-12"),
        ("${EMPTY}", ""),
        ("${EMPTY:-default}", "default"),
        ("${UNSET:-default}", "default"),
        ("${UNSET:-}", ""),
        ("${SET:-default}", "value"),
        ("${SET:?message}", "value"),
        ("$$", "$"),
        ("$${SET}", "${SET}"),
        ("{table}", "{table}"),
    ],
)
def test_expressions_are_replaced(text: str, result: str) -> None:
    """As in Docker Compose and POSIX shells: with a colon, an empty variable counts as unset."""
    assert substitute(text, ENVIRONMENT) == result


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("${UNSET}", "environment variable UNSET is not set", "set UNSET, or write `${UNSET:-DEFAULT}`"),
        ("${UNSET:?see wiki}", "environment variable UNSET is not set: see wiki", "set UNSET"),
        ("${EMPTY:?see wiki}", "environment variable EMPTY is empty: see wiki", "set EMPTY"),
        ("$SET", "unescaped `$`", "write `$$` for a dollar sign, or `${NAME}` for a variable"),
        ("${SET", "unescaped `$`", "write `$$` for a dollar sign, or `${NAME}` for a variable"),
        ("cost: $", "unescaped `$`", "write `$$` for a dollar sign, or `${NAME}` for a variable"),
        ("${A-B}", "unescaped `$`", "write `$$` for a dollar sign, or `${NAME}` for a variable"),
    ],
)
def test_a_variable_without_a_value_and_a_stray_dollar_are_errors(text: str, message: str, hint: str) -> None:
    """Never an empty string in place of a bucket or a role."""
    with pytest.raises(ExpressionError) as raised:
        substitute(text, ENVIRONMENT)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def integer_paths(schema: dict[str, Any], path: ValuePath = ()) -> list[ValuePath]:
    """A path to every value of the schema that must be an integer."""
    schema = resolve(schema)
    if schema.get("type") == "integer":
        return [path]
    children = [((*path, key), child) for key, child in schema.get("properties", {}).items()]
    if isinstance(schema.get("additionalProperties"), dict):
        children.append(((*path, "anything"), schema["additionalProperties"]))
    if isinstance(schema.get("items"), dict):
        children.append(((*path, 0), schema["items"]))
    children += [(path, branch) for branch in schema.get("anyOf", ()) if "type" in branch]
    return [found for inner, child in children for found in integer_paths(child, inner)]


INTEGER_PATHS = integer_paths(plan_schema())


def test_the_schema_has_integers_at_every_depth() -> None:
    """Otherwise the next test would prove nothing."""
    assert ("version",) in INTEGER_PATHS
    assert ("defaults", "expect", "min") in INTEGER_PATHS
    assert ("restores", "anything", "limits", "workers") in INTEGER_PATHS
    assert ("tables", 0, "expect", "min") in INTEGER_PATHS


@pytest.mark.parametrize("path", INTEGER_PATHS, ids=lambda path: ".".join(map(str, path)))
def test_a_number_from_the_environment_is_a_number_where_the_schema_wants_one(path: ValuePath) -> None:
    """For every integer of the schema, also those that are added later."""
    assert filled(path, "${NUMBER}") == 12
    assert filled(path, "${SET}") == "value"


def test_a_number_from_the_environment_is_text_where_the_schema_wants_text() -> None:
    """Account IDs and tags are digits, too."""
    assert filled(("aws", "account"), "${NUMBER}") == "12"
    assert filled(("tables", 0, "tags", "min"), "${NUMBER}") == "12"


@pytest.mark.parametrize("path", [("x-note",), ("tables", 0, "x-note", "workers"), ("unknown",)])
def test_what_the_schema_does_not_describe_is_left_alone(path: ValuePath) -> None:
    """`x-` keys belong to the author of the plan; an unknown key is a problem anyway."""
    assert schemas_at(path) == ()
    assert filled(path, "$5 ${UNSET}") == "$5 ${UNSET}"


def filled(path: ValuePath, text: str) -> Any:
    value: Any = text
    for part in reversed(path):
        value = [value] if isinstance(part, int) else {part: value}
    document, problems = parse(yaml_of(value), "p.yaml")
    assert document is not None
    assert problems == ()
    document, problems = interpolate(document, ENVIRONMENT)
    assert problems == ()
    result = document.data
    for part in path:
        result = result[part]
    return result


def yaml_of(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml_of(member)}" for key, member in value.items()) + "}"
    return f"[{yaml_of(value[0])}]" if isinstance(value, list) else f'"{value}"'
