"""The JSON Schemas of this copy of ddbbackup, and the parts of the plan's schema by path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ddbbackup.plan.document import ValuePath

_EXPRESSION: Final = {"$ref": "#/$defs/expression"}


@cache
def schema_text(name: str) -> str:
    """The text of ``schemas/<name>.schema.json``, from the wheel or from the checkout."""
    file = f"{name}.schema.json"
    packaged = files("ddbbackup").joinpath("_schemas", file)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "schemas" / file).read_text(encoding="utf-8")


@cache
def plan_schema() -> dict[str, Any]:
    """The schema of a plan whose variables are filled in.

    It is the published schema without the alternative ``#/$defs/expression``, which lets editors accept ``${VAR}``
    in place of a value.
    """
    schema: dict[str, Any] = _without_expressions(json.loads(schema_text("plan")))
    return schema


def resolve(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the plan's schema with its ``$ref`` replaced; keywords beside the ``$ref`` have precedence."""
    resolved = dict(schema)
    while "$ref" in resolved:
        reference = resolved.pop("$ref")
        target: dict[str, Any] = plan_schema()
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        resolved = {**target, **resolved}
    return resolved


def schemas_at(path: ValuePath) -> tuple[dict[str, Any], ...]:
    """The parts of the plan's schema that describe the value at ``path``.

    Several where the schema has alternatives; none for unknown keys and for everything under an ``x-`` key.
    """
    schemas = list(_alternatives(plan_schema()))
    for part in path:
        schemas = [
            found for schema in schemas for child in _children(schema, part) for found in _alternatives(child)
        ]
    return tuple(schemas)


def admits_string(schema: Mapping[str, Any]) -> bool:
    """Whether a string can be valid, judged by ``type``, ``enum`` and ``const``."""
    if "const" in schema:
        return isinstance(schema["const"], str)
    if "enum" in schema:
        return any(isinstance(choice, str) for choice in schema["enum"])
    return "string" in schema.get("type", "string")


def _children(schema: Mapping[str, Any], part: str | int) -> Iterator[Any]:
    if isinstance(part, int):
        candidates = [schema.get("items")]
    elif part in schema.get("properties", {}):
        candidates = [schema["properties"][part]]
    else:
        patterns = schema.get("patternProperties", {})
        candidates = [child for pattern, child in patterns.items() if re.search(pattern, part)]
        candidates = candidates or [schema.get("additionalProperties")]
    return (candidate for candidate in candidates if isinstance(candidate, dict))


def _alternatives(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    resolved = resolve(schema)
    branches = resolved.pop("anyOf", None)
    if branches is None or any("required" in branch for branch in branches):
        yield resolved
        return
    for branch in branches:
        yield from _alternatives(branch)


def _without_expressions(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_expressions(element) for element in node]
    if not isinstance(node, dict):
        return node
    stripped = {key: _without_expressions(value) for key, value in node.items() if key != "anyOf"}
    if "anyOf" in node:
        branches = [_without_expressions(branch) for branch in node["anyOf"] if branch != _EXPRESSION]
        if len(branches) == 1:
            return {**branches[0], **stripped}
        stripped["anyOf"] = branches
    return stripped
