"""Safe ways into a document that may have any shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.plan.document import Document, Path


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a map, else an empty one; extensions (``x-``) left out."""
    if not isinstance(value, dict):
        return {}
    return {key: member for key, member in value.items() if not key.startswith("x-")}


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def destinations(document: Document) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for name, value in mapping(document.data.get("destinations")).items():
        yield ("destinations", name), name, mapping(value)


def entries(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    for index, value in enumerate(sequence(document.data.get("tables"))):
        yield ("tables", index), mapping(value)


def restores(document: Document) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for name, value in mapping(document.data.get("restores")).items():
        yield ("restores", name), name, mapping(value)


def get(value: Any, *keys: str) -> Any:
    """A member of a member, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
