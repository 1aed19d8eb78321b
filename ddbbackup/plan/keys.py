"""Every key of a plan as the schema describes it, for the reference and for ``explain``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ddbbackup.errors import UsageError
from ddbbackup.plan.schemas import plan_schema, resolve
from ddbbackup.suggestions import closest

_NAME: Final = "NAME"
_INDEX: Final = re.compile(r"\[[0-9]*\]")


@dataclass(frozen=True, slots=True)
class PlanKey:
    """One key. In ``path``, ``NAME`` stands for a name that the plan chooses, ``[]`` for each element of a list.

    ``value`` says what its value may be, as part of a sentence. ``default`` is None if there is none.
    """

    path: str
    value: str
    required: bool
    default: Any
    examples: tuple[Any, ...]
    description: str

    @property
    def plain_path(self) -> str:
        """``path`` without names and indexes: ``restores.to.table``."""
        return _plain(self.path)

    @property
    def default_text(self) -> str:
        """Empty if there is none."""
        if self.default is None:
            return ""
        return self.default if isinstance(self.default, str) else json.dumps(self.default).replace('"', "")


@cache
def plan_keys() -> tuple[PlanKey, ...]:
    """Every key, each before those inside it, in the order of the schema."""
    return tuple(_keys(plan_schema(), "", required=False))


def find_key(path: str) -> PlanKey:
    """The key with this path, in which names and indexes may be left out: ``restores.to.table``.

    Raises ``UsageError``, with the nearest key in the hint.
    """
    by_path: dict[str, PlanKey] = {}
    for key in plan_keys():
        by_path.setdefault(key.plain_path, key)
    wanted = _plain(path)
    found = by_path.get(wanted) or _without_a_name(wanted, by_path)
    if found is None:
        raise UsageError(f"the plan has no key {path!r}", hint=_hint(wanted, by_path))
    return found


def keys_within(key: PlanKey | None) -> tuple[PlanKey, ...]:
    """The keys directly within a key, and within its named members or elements; None: those of the plan."""
    inside = f"{key.plain_path}." if key is not None else ""
    found = {
        each.plain_path: each
        for each in reversed(plan_keys())
        if each.plain_path.startswith(inside) and "." not in each.plain_path[len(inside) :]
    }
    return tuple(reversed(found.values()))


def _plain(path: str) -> str:
    return ".".join(part for part in _INDEX.sub("", path).split(".") if part != _NAME)


def _without_a_name(wanted: str, by_path: Mapping[str, PlanKey]) -> PlanKey | None:
    """``restores.orders-copy.to``: a part in the place of a name may be any name."""
    parts = wanted.split(".")
    for place in range(1, len(parts) - 1):
        key = by_path.get(".".join((*parts[:place], *parts[place + 1 :])))
        if key is not None and key.path.split(".")[place] == _NAME:
            return key
    return None


def _hint(wanted: str, by_path: Mapping[str, PlanKey]) -> str:
    """The key that is spelled nearly so, or keys with this name elsewhere in the plan, or those around it."""
    around, _, last = wanted.rpartition(".")
    siblings = {path.rpartition(".")[2]: path for path in by_path if path.rpartition(".")[0] == around}
    nearest = closest(last, siblings)
    if nearest is not None:
        return f"use `{siblings[nearest]}` instead"
    elsewhere = [path for path in by_path if path.rpartition(".")[2] == last]
    if elsewhere:
        return f"run {' or '.join(f'`ddbbackup explain {path}`' for path in elsewhere)}"
    if (whole := closest(wanted, by_path)) is not None:
        return f"use `{whole}` instead"
    return (
        f"run `ddbbackup explain {around}` to see its keys"
        if around in by_path
        else "run `ddbbackup explain`"
    )


def _keys(schema: dict[str, Any], path: str, *, required: bool) -> Iterator[PlanKey]:
    schema = resolve(schema)
    if path:
        yield PlanKey(
            path,
            _value(schema),
            required,
            None if required else schema.get("default"),
            tuple(schema.get("examples", ())),
            schema.get("description", ""),
        )
    for key, child in schema.get("properties", {}).items():
        is_required = key in schema.get("required", ())
        yield from _keys(child, f"{path}.{key}" if path else key, required=is_required)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _keys(schema["additionalProperties"], f"{path}.{_NAME}", required=False)
    for branch in schema.get("anyOf", ()):
        for key, child in branch.get("properties", {}).items():
            yield from _keys(child, f"{path}.{key}", required=False)
    items = resolve(schema.get("items", {}))
    for key, child in items.get("properties", {}).items():
        yield from _keys(child, f"{path}[].{key}", required=False)


def _value(schema: dict[str, Any]) -> str:
    """What a value may be: choices, or words."""
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
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
