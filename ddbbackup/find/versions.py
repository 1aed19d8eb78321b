"""The versions of items over restore points: which change each of them is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ddbbackup.archive.attribute_values import comparable
from ddbbackup.bulk.item_filter import item_of
from ddbbackup.bulk.search_history import Sighting

Kind = Literal["added", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class PointOfHistory:
    """A restore point. ``since`` equals ``time`` unless its items were read in an interval."""

    id: str
    time: datetime
    since: datetime
    is_window: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What the restore point ``point`` changed of the item with the canonical ``key``.

    ``line`` is ``{"Item":{…}}``, None if the item was deleted. ``attributes`` differ from the version before, if
    there is one. ``written_at`` is known of changes in windows, in microseconds since 1970.
    """

    point: PointOfHistory
    key: bytes
    change: Kind
    line: bytes | None
    attributes: tuple[str, ...] = ()
    written_at: int | None = None


def versions(points: Sequence[PointOfHistory], sightings: Iterable[Sighting]) -> list[Version]:
    """Newest restore point first, and the items of each by their keys. What stayed as it was is no version.

    ``points`` are in the order of time, and the numbers of sightings are theirs. Raises ``ValueError`` or
    ``LookupError`` for a line that is no item.
    """
    by_key: dict[bytes, dict[int, list[Sighting]]] = defaultdict(lambda: defaultdict(list))
    for sighting in sightings:
        by_key[sighting.key][sighting.backup].append(sighting)
    full_backups = {number for number, point in enumerate(points) if not point.is_window}
    found: list[Version] = []
    for key, own in by_key.items():
        history = _ItemHistory(key)
        for number in sorted(own.keys() | full_backups):
            history.add(points[number], sorted(own.get(number, ()), key=_written_at))
        found += history.versions
    found.sort(key=lambda each: (each.point.time, each.point.id, each.written_at or 0), reverse=True)
    return found


def _written_at(sighting: Sighting) -> int:
    return sighting.written_at or 0


class _ItemHistory:
    """The versions of one item, oldest first."""

    def __init__(self, key: bytes) -> None:
        self.versions: list[Version] = []
        self._key = key
        self._line: bytes | None = None
        self._known_until = 0  # microseconds: a full backup or a change has shown what was written before

    def add(self, point: PointOfHistory, sightings: Sequence[Sighting]) -> None:
        """``sightings`` of one restore point, in the order of time. A full backup without any lacks the item."""
        if not point.is_window:
            if sightings or self._line is not None:
                self._put(point, sightings[-1].line if sightings else None, None)
            self._known_until = _micros(point.since)
            return
        for sighting in sightings:
            written_at = _written_at(sighting)
            # A window begins with the second in which the backup before it ends, so both may show the same delete.
            if sighting.line is None and self._line is None and written_at < self._known_until:
                continue
            self._put(point, sighting.line, written_at)
            self._known_until = written_at + 1

    def _put(self, point: PointOfHistory, line: bytes | None, written_at: int | None) -> None:
        before, self._line = self._line, line
        if line is None:
            self.versions.append(Version(point, self._key, "deleted", None, (), written_at))
        elif before is None:
            self.versions.append(Version(point, self._key, "added", line, (), written_at))
        elif attributes := _different(before, line):
            self.versions.append(Version(point, self._key, "changed", line, attributes, written_at))


def _different(before: bytes, after: bytes) -> tuple[str, ...]:
    """The names of the attributes whose values are not equal, as DynamoDB compares them."""
    if before == after:
        return ()
    one, other = item_of(before), item_of(after)
    return tuple(
        sorted(name for name in one.keys() | other.keys() if _value(one, name) != _value(other, name))
    )


def _value(item: Mapping[str, Any], name: str) -> object:
    return comparable(item[name]) if name in item else None


def _micros(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000)
