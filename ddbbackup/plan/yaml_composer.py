"""YAML parser events to a tree of nodes with marks, and from there to a ``Document``.

Written by hand because PyYAML's own composer keeps no mark of mapping keys, takes the last of two equal keys, reads
scalars by YAML 1.1, and expands aliases without a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

import yaml

from ddbbackup.model.numbers import grouped
from ddbbackup.plan.document import Document, Mark, ValuePath, format_path
from ddbbackup.plan.yaml_scalars import resolve_scalar
from ddbbackup.problems import Problem, ProblemCode

MAX_DEPTH: Final = 32
MAX_NODES: Final = 50_000


class Unreadable(Exception):
    """The file cannot be read as a plan at all; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Node:
    """``text`` is the source of a scalar that is not a string. ``opening``: see ``Document.openings``.

    ``size`` and ``depth`` count the nodes below too.
    """

    mark: Mark
    value: Mapping[str, _Member] | tuple[_Node, ...] | str | float | bool | None
    text: str | None = None
    opening: int | None = None
    size: int = 1
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Member:
    key: Mark
    node: _Node


def compose(events: Iterator[Any], file: str) -> tuple[Document, tuple[Problem, ...]]:
    """The document of a stream of parser events, with the problems that do not prevent reading it.

    ``data`` is None for an empty stream. Raises ``Unreadable``, and whatever the parser raises.
    """
    composer = _Composer(file, events)
    root = composer.root()
    values: dict[ValuePath, Mark] = {}
    keys: dict[ValuePath, Mark] = {}
    written: dict[ValuePath, str] = {}
    openings: dict[ValuePath, int] = {}

    def flatten(path: ValuePath, node: _Node) -> Any:
        values[path] = node.mark
        if node.text is not None:
            written[path] = node.text
        if node.opening is not None:
            openings[path] = node.opening
        if isinstance(node.value, Mapping):
            keys.update({(*path, key): member.key for key, member in node.value.items()})
            return {key: flatten((*path, key), member.node) for key, member in node.value.items()}
        if isinstance(node.value, tuple):
            return [flatten((*path, index), element) for index, element in enumerate(node.value)]
        return node.value

    data = flatten((), root)
    return Document(data, values, keys, written, openings=openings), tuple(composer.problems)


class _Composer:
    """Builds nodes from events. Recursion is bounded by ``MAX_DEPTH``, work and memory by ``MAX_NODES``."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events = events
        self._anchors: dict[str, _Node] = {}
        self._open_anchors: set[str] = set()
        self._node_count = 0
        self._depth = 0

    def root(self) -> _Node:
        root = _Node(Mark(self._file, 1, 1), None)
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(
                        event,
                        "several-documents",
                        "the file contains more than one YAML document",
                        hint="split it into one file per plan",
                    )
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, ())
        return root

    def _node(self, event: Any, path: ValuePath) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(event, 1)
        if event.tag is not None and event.tag != "!":
            self._report(
                event, path, "tag", f"YAML tag {event.tag!r} is not supported", hint="remove the tag"
            )
        if event.anchor:
            self._open_anchors.add(event.anchor)
        self._depth += 1
        self._check_depth(event, self._depth)
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, path)
        else:
            node = self._scalar(event)
        self._depth -= 1
        if event.anchor:
            self._open_anchors.discard(event.anchor)
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, start: Any, path: ValuePath) -> _Node:
        members: dict[str, _Member] = {}
        merged: dict[str, _Member] = {}
        merge_mark: Mark | None = None
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(
                    event, "key-not-a-string", "a mapping key is not a string", hint="use a string as the key"
                )
            key, inner = event.value, (*path, event.value)
            is_merge = key == "<<" and event.implicit[0]
            first = merge_mark if is_merge else members[key].key if key in members else None
            node = self._node(next(self._events), inner)
            if first is not None:
                message = f"duplicate key `{key}` (first on line {first.line})"
                self._report(event, inner, "duplicate-key", message, hint="remove one of the two")
            elif is_merge:
                merge_mark = self._mark(event)
                merged = self._merged(event, inner, node)
            else:
                members[key] = _Member(self._mark(event), node)
        return self._container(start, {**merged, **members})

    def _merged(self, event: Any, path: ValuePath, node: _Node) -> dict[str, _Member]:
        """The members that ``<<`` adds: of one mapping, or of several, where the first has precedence."""
        sources = node.value if isinstance(node.value, tuple) else (node,)
        merged: dict[str, _Member] = {}
        for source in sources:
            if not isinstance(source.value, Mapping):
                self._report(
                    event,
                    path,
                    "merge-key",
                    "the value of `<<` is not a mapping or a list of mappings",
                    hint="use an alias of a mapping, such as `<<: *base`",
                )
                return {}
            merged = {**source.value, **merged}
        return merged

    def _sequence(self, start: Any, path: ValuePath) -> _Node:
        elements: list[_Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            elements.append(self._node(event, (*path, len(elements))))
        return self._container(start, tuple(elements))

    def _container(self, start: Any, value: dict[str, _Member] | tuple[_Node, ...]) -> _Node:
        inner = [member.node for member in value.values()] if isinstance(value, dict) else value
        size = 1 + sum(node.size for node in inner)
        depth = 1 + max((node.depth for node in inner), default=0)
        return _Node(self._mark(start), value, size=size, depth=depth)

    def _scalar(self, event: Any) -> _Node:
        if not event.implicit[0]:  # quoted, or a block scalar
            return _Node(self._mark(event), event.value, opening=_opening(event))
        value = resolve_scalar(event.value)
        if not isinstance(value, str):
            return _Node(self._mark(event), value, text=event.value)
        return _Node(self._mark(event), value, opening=_opening(event))

    def _alias(self, event: Any) -> _Node:
        """The anchored node at the mark of the alias; what is inside keeps its own marks."""
        name = event.anchor
        if name in self._open_anchors:
            self._stop(
                event, "recursive-alias", f"alias *{name} refers to itself", hint="write the value out"
            )
        if name not in self._anchors:
            self._stop(
                event,
                "unknown-alias",
                f"alias *{name} has no anchor before it",
                hint=f'define &{name} on an earlier line, or quote a pattern: "*{name}"',
            )
        node = self._anchors[name]
        self._count(event, node.size)
        self._check_depth(event, self._depth + node.depth)
        return replace(node, mark=self._mark(event), opening=None)

    def _count(self, event: Any, nodes: int) -> None:
        self._node_count += nodes
        if self._node_count > MAX_NODES:
            self._stop(
                event,
                "too-many-values",
                f"the plan has more than {grouped(MAX_NODES)} values",
                hint="split the plan",
            )

    def _check_depth(self, event: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._stop(
                event,
                "too-deep",
                f"values are nested deeper than {MAX_DEPTH} levels",
                hint="flatten the structure",
            )

    def _mark(self, event: Any) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _report(self, event: Any, path: ValuePath, code: ProblemCode, message: str, *, hint: str) -> None:
        self.problems.append(Problem(*self._mark(event), format_path(path), code, message, hint))

    def _stop(self, event: Any, code: ProblemCode, message: str, *, hint: str) -> NoReturn:
        raise Unreadable(Problem(*self._mark(event), "", code, message, hint))


def _opening(event: Any) -> int | None:
    """The quote before a scalar, if it is written in one line and without escapes: 0 or 1 characters."""
    start, end = event.start_mark, event.end_mark
    around = end.column - start.column - len(event.value)
    return around // 2 if start.line == end.line and around in (0, 2) else None
