"""YAML's events to data and the places of its values: no tags, no surprises, bounded in every direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from ddbbackup.plan.document import Document, Mark, Path
from ddbbackup.plan.scalars import resolve
from ddbbackup.problems import Problem

LIMIT_DEPTH: Final = 32
LIMIT_NODES: Final = 50_000


class Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Composer:
    """Builds data from parser events; recursion is bounded by ``LIMIT_DEPTH``."""

    def __init__(self, name: str) -> None:
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.written: dict[Path, str] = {}
        self.problems: list[Problem] = []
        self._name = name
        self._anchors: dict[str, tuple[Any, Path]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._depth = 0

    def document(self, events: Iterator[Any]) -> Any:
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(
                        event, "several-documents", "the file holds several documents", "keep one plan a file"
                    )
            elif isinstance(event, yaml.NodeEvent):
                data = self._node(event, events, ())
        if not self.values:
            self.values[()] = Mark(self._name, 1, 1)
        return data

    def _node(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        self._count(event)
        self.values[path] = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if event.tag is not None and event.tag != "!":
            self._report(event, path, "tag", f"tags such as {event.tag!r} are not accepted", "remove the tag")
        anchor = event.anchor
        if anchor:
            self._open.add(anchor)
        self._depth += 1
        if self._depth > LIMIT_DEPTH:
            self._stop(
                event, "too-deep", f"values are nested deeper than {LIMIT_DEPTH} levels", "flatten the plan"
            )
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = self._mapping(events, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(events, path)
        else:
            value = self._scalar(event, path)
        self._depth -= 1
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, path)
        return value

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(event, "key", "a key is not a plain text", "write keys as words")
            key = event.value
            inner = (*path, key)
            if key in found:
                self._report(
                    event, inner, "duplicate-key", f"the key `{key}` stands here twice", "keep one of them"
                )
                self._node(next(events), events, (*path, f"{key} (again)"))
                continue
            if key == "<<" and event.implicit[0]:
                hint = "repeat the keys, or put them under `defaults`"
                self._report(event, inner, "merge-key", "merge keys (`<<`) are not part of YAML 1.2", hint)
                self._node(next(events), events, inner)
                continue
            self.keys[inner] = self._mark(event)
            found[key] = self._node(next(events), events, inner)
        return found

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        found: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._node(event, events, (*path, len(found))))
        return found

    def _scalar(self, event: Any, path: Path) -> Any:
        if not event.implicit[0]:  # quoted or block: text as it stands
            return event.value
        value = resolve(event.value)
        if not isinstance(value, str):
            self.written[path] = event.value
        return value

    def _alias(self, event: Any, path: Path) -> Any:
        name = event.anchor
        if name in self._open:
            self._stop(event, "recursive-alias", f"the alias *{name} contains itself", "write the value out")
        if name not in self._anchors:
            self._stop(
                event, "unknown-alias", f"there is no anchor &{name} before this alias", "define it first"
            )
        value, source = self._anchors[name]
        return self._copy(value, source, path, event)

    def _copy(self, value: Any, source: Path, path: Path, event: Any) -> Any:
        self._count(event)
        self.values[path] = self._mark(event)
        if source in self.written:
            self.written[path] = self.written[source]
        if isinstance(value, dict):
            for key in value:
                self.keys[(*path, key)] = self._mark(event)
            return {k: self._copy(v, (*source, k), (*path, k), event) for k, v in value.items()}
        if isinstance(value, list):
            return [self._copy(v, (*source, i), (*path, i), event) for i, v in enumerate(value)]
        return value

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > LIMIT_NODES:
            self._stop(
                event, "too-many-values", f"the plan holds more than {LIMIT_NODES} values", "split the plan"
            )

    def _mark(self, event: Any) -> Mark:
        return Mark(self._name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _report(self, event: Any, path: Path, code: str, message: str, hint: str) -> None:
        document = Document(None, {(): self._mark(event)}, {})
        self.problems.append(document.problem(path, code, message, hint=hint))

    def _stop(self, event: Any, code: str, message: str, hint: str) -> None:
        raise Unreadable(Problem(*self._mark(event), "", code, message, hint))
