"""How broadly policies name tables and objects. Many exact names exceed the size that IAM allows for a policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Breadth:
    """``every_object``: the objects of all tables below a prefix. ``patterns`` stand for the names of tables."""

    every_object: bool = False
    patterns: Mapping[str, str] = field(default_factory=dict)

    def table_pattern(self, name: str) -> str:
        """The pattern that the policy has for a table, or for a pattern of the plan."""
        return self.patterns.get(name, name)


EXACT: Final = Breadth()


def broader(names: Iterable[str]) -> Iterator[Breadth]:
    """From the narrowest to the broadest; the last one allows every table.

    Names share a pattern up to a separator: `orders-eu` and `orders-us` become `orders-*`.
    """
    names = sorted(set(names))
    yield Breadth(every_object=True)
    seen: set[frozenset[str]] = {frozenset(names)}
    for depth in range(max(map(_depth, names), default=0), -1, -1):
        patterns = _shared_prefixes(names, depth)
        found = frozenset(patterns.values())
        if found not in seen:
            seen.add(found)
            yield Breadth(every_object=True, patterns=patterns)


def _shared_prefixes(names: Iterable[str], depth: int) -> dict[str, str]:
    """A name keeps its own name if no other name shares its first ``depth`` parts."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_prefix(name, depth), []).append(name)
    return {
        name: f"{prefix}*" if len(members) > 1 else name
        for prefix, members in groups.items()
        for name in members
    }


def _depth(name: str) -> int:
    return len(_parts(name)) - 1


def _prefix(name: str, depth: int) -> str:
    """The first parts of a name with their separators; never a wildcard of the plan."""
    prefix = "".join(_parts(name)[:depth])
    return re.split(r"[*?]", prefix, maxsplit=1)[0]


def _parts(name: str) -> list[str]:
    return re.split(r"(?<=[-_.])", name)
