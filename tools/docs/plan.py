"""``docs/plan.md``, from ``schemas/plan.schema.json``: every key that this release implements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.plan.schemas import plan_schema, resolve
from tools.docs.markdown import code_list, header, table

_INTRODUCTION: Final = """\
A plan is a YAML file, by default `ddbbackup.yaml`. Editors complete and check it with
[its schema](../schemas/plan.schema.json); `ddbbackup validate` reports every problem with file, line and column.

- **YAML 1.2**: `NO`, `off` and `12:30` are strings. Duplicate keys are problems. Merge keys (`<<`) are accepted.
- **Unknown keys** are problems. Keys that begin with `x-` are ignored, so they can hold notes and anchors.
- **Variables**: values may contain `${VAR}`, `${VAR:-default}` (if `VAR` is unset or empty) and `${VAR:?message}`
  (fail with this message); `$$` is a dollar sign. Where the plan takes a number, the variable must be a number.
- **Several files**: with `-f base.yaml -f prod.yaml`, the second file is laid over the first. Mappings are merged;
  lists and single values replace those of the first file. `ddbbackup show` prints the result with the origin of each
  value.
- **Durations** are a whole number above zero and a unit: `90s`, `15m`, `24h`, `30d`.

`NAME` stands for a name that you choose, `[]` for each element of a list.

"""


def page() -> str:
    return (
        header("The plan file", "schemas/plan.schema.json")
        + _INTRODUCTION
        + table(("key", "value", "default", "description"), _rows(plan_schema(), "", required=False))
    )


def _rows(schema: dict[str, Any], path: str, *, required: bool) -> Iterator[tuple[str, str, str, str]]:
    """The row of a value, then those of everything inside it."""
    schema = resolve(schema)
    if path:
        yield f"`{path}`", _value(schema), _default(schema, required=required), schema.get("description", "")
    for key, child in schema.get("properties", {}).items():
        is_required = key in schema.get("required", ())
        yield from _rows(child, f"{path}.{key}" if path else key, required=is_required)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _rows(schema["additionalProperties"], f"{path}.NAME", required=False)
    for branch in schema.get("anyOf", ()):
        for key, child in branch.get("properties", {}).items():
            yield from _rows(child, f"{path}.{key}", required=False)
    items = resolve(schema.get("items", {}))
    for key, child in items.get("properties", {}).items():
        yield from _rows(child, f"{path}[].{key}", required=False)


def _value(schema: dict[str, Any]) -> str:
    """What a value may be: choices, or words."""
    if "enum" in schema:
        return code_list(schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema.get("type")
    if "anyOf" in schema and kinds is None:
        return "; or ".join(_value(resolve(branch)) for branch in schema["anyOf"])
    if kinds == "array":
        items = resolve(schema["items"])
        return f"a list of: {_value(items)}" if "enum" in items else "a list"
    if kinds == "integer":
        return _integer(schema)
    return str(
        schema.get("x-format")
        or {"object": "a mapping", "string": "a string", "boolean": "`true` or `false`"}[str(kinds)]
    )


def _integer(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"an integer from {low}" + (f" to {high}" if high is not None else "")


def _default(schema: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    if "default" not in schema:
        return ""
    default = schema["default"]
    if default == "":
        return "empty"
    return f"`{default if isinstance(default, str) else json.dumps(default).replace(chr(34), '')}`"
