"""What is compared, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from ddbbackup.bulk.model import STALL_TIMEOUT_SECONDS
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.ports import KeyAttribute

Kind = Literal["missing", "changed", "extra"]
"""``missing``: only the restore point has the item. ``extra``: only the table has it. ``changed``: they differ."""

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareJob:
    """Compare ``point`` with the live ``table``.

    ``keys`` are those of both. ``live_items`` and ``live_bytes`` are the size of the table as far as it is known;
    they only decide how the work is cut. ``directory``: a private folder is made in it. ``processes`` None: one per
    core, if the data is worth it. ``read_units_per_second`` limits the scan.
    """

    point: PointData
    table: str
    keys: tuple[KeyAttribute, ...]
    directory: Path
    live_items: int = 0
    live_bytes: int = 0
    read_units_per_second: int | None = None
    processes: int | None = None
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS

    @property
    def point_items(self) -> int:
        """The number of lines in all data files."""
        return sum(file.item_count for file in self.point.all_files)


@dataclass(frozen=True, slots=True)
class Counts:
    """The items by how they compare; see ``Kind``."""

    equal: int = 0
    missing: int = 0
    changed: int = 0
    extra: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.equal + other.equal,
            self.missing + other.missing,
            self.changed + other.changed,
            self.extra + other.extra,
        )

    @property
    def different(self) -> int:
        return self.missing + self.changed + self.extra

    @property
    def point_items(self) -> int:
        return self.equal + self.missing + self.changed

    @property
    def live_items(self) -> int:
        return self.equal + self.changed + self.extra


@dataclass(frozen=True, slots=True)
class Interval:
    """When the table was scanned. An item that changed meanwhile may compare as before or after its change."""

    started_at: datetime
    ended_at: datetime


class Difference(NamedTuple):
    """``key`` is canonical (``archive.item_keys``). The digests are those of the item that was seen, if any."""

    kind: Kind
    key: bytes
    point: bytes
    live: bytes
