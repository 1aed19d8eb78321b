"""Times as text: RFC 3339 in UTC with ``Z``, whole seconds unless there are fractions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def to_iso(time: datetime) -> str: ...
@overload
def to_iso(time: None) -> None: ...
def to_iso(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


@overload
def from_iso(text: str) -> datetime: ...
@overload
def from_iso(text: None) -> None: ...
def from_iso(text: str | None) -> datetime | None:
    """Raises ``ValueError`` for anything else than an RFC 3339 time with an offset."""
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time needs an offset, such as Z")
    return time.astimezone(UTC)
