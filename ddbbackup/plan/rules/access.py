"""Access to a document whose values may have any type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.plan.document import Document, ValuePath


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def get(value: Any, *keys: str) -> Any:
    """The value under nested keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def destinations(document: Document) -> Iterator[tuple[ValuePath, str, dict[str, Any]]]:
    yield from _named(document, "destinations")


def restores(document: Document) -> Iterator[tuple[ValuePath, str, dict[str, Any]]]:
    yield from _named(document, "restores")


def notifications(document: Document) -> Iterator[tuple[ValuePath, str, dict[str, Any]]]:
    yield from _named(document, "notifications")


def entries(document: Document) -> Iterator[tuple[ValuePath, dict[str, Any]]]:
    """The entries of ``tables``, without ``defaults``."""
    for index, value in enumerate(sequence(document.data.get("tables"))):
        yield ("tables", index), mapping(value)


def defaults_and_entries(document: Document) -> Iterator[tuple[ValuePath, dict[str, Any]]]:
    """Everywhere that the keys of a table entry can be written."""
    yield ("defaults",), mapping(document.data.get("defaults"))
    yield from entries(document)


def names_origin(restore: dict[str, Any]) -> bool:
    """Whether ``from`` names the account or the Region of a backup."""
    return not mapping(restore.get("from")).keys().isdisjoint(("account", "region"))


def names_export(restore: dict[str, Any]) -> bool:
    """Whether ``from`` names an export, which needs no record."""
    return isinstance(restore.get("from"), dict) and not names_origin(restore)


def _named(document: Document, key: str) -> Iterator[tuple[ValuePath, str, dict[str, Any]]]:
    for name, value in mapping(document.data.get(key)).items():
        if not name.startswith("x-"):
            yield (key, name), name, mapping(value)
