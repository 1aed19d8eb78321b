"""``docs/plan.md``, made from ``schemas/plan.schema.json``: every key, what it takes, what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEAD = """\
# The plan file

Made from `schemas/plan.schema.json` (`DDBBACKUP_UPDATE=1 pytest tests/unit/test_plan_reference.py`). Unknown keys are
errors, except keys that begin with `x-`. Values may hold `${VAR}`, `${VAR:-default}` and `${VAR:?message}`; `$$` is a
dollar sign. YAML is read by the rules of 1.2: `NO` and `12:30` are texts. With several `-f`, maps are merged, lists
and single values replaced.

| key | takes | means |
|---|---|---|
"""


def render(schema: dict[str, Any]) -> str:
    return HEAD + "".join(
        f"| `{key}` | {_cell(takes)} | {_cell(means)} |\n" for key, takes, means in _rows(schema, schema, "")
    )


def _rows(root: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    node = _resolved(root, node)
    if path:
        yield path, _takes(root, node), node.get("description", "") or node.get("x-means", "")
    for key, inner in node.get("properties", {}).items():
        yield from _rows(root, inner, f"{path}.{key}" if path else key)
    for inner in node.get("patternProperties", {}).values():
        if isinstance(inner, dict) and path and not _is_extension(node, inner):
            yield from _rows(root, inner, f"{path}.NAME")
    if isinstance(node.get("additionalProperties"), dict):
        yield from _rows(root, node["additionalProperties"], f"{path}.NAME")
    items = node.get("items")
    if isinstance(items, dict) and ("properties" in _resolved(root, items)):
        for key, inner in _resolved(root, items)["properties"].items():
            yield from _rows(root, inner, f"{path}[].{key}")
    for branch in node.get("anyOf", ()):
        for key, inner in _resolved(root, branch).get("properties", {}).items():
            yield from _rows(root, inner, f"{path}.{key}")


def _is_extension(node: dict[str, Any], inner: dict[str, Any]) -> bool:
    return any(key.startswith("^x-") and value is inner for key, value in node["patternProperties"].items())


def _resolved(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in node.items() if key != "$ref"}}


def _takes(root: dict[str, Any], node: dict[str, Any]) -> str:
    if "enum" in node:
        text = " \\| ".join(f"`{choice}`" for choice in node["enum"])
    elif "const" in node:
        text = f"`{node['const']}`"
    elif "anyOf" in node:
        text = " or ".join(_takes(root, _resolved(root, branch)) for branch in node["anyOf"])
    else:
        text = node.get("x-means") or {
            "object": "a map",
            "array": "a list",
            "string": "a text",
            "integer": "a whole number",
            "boolean": "true or false",
        }.get(node.get("type", ""), "anything")
    return f"{text}; default `{node['default']}`" if "default" in node else text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("\\\\|", "\\|")
