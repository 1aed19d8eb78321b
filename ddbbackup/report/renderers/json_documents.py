"""JSON documents, as ``schemas/`` describes them. Readers ignore members that they do not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

FORMAT_VERSION: Final = 1


def render(document: Document) -> str:
    return json.dumps(plain(document), indent=2, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Documents get a ``format_version``, wherever they are; times become RFC 3339 strings in UTC, days dates."""
    if is_dataclass(value):
        version = {"format_version": FORMAT_VERSION} if hasattr(value, "schema") else {}
        return version | {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
