"""What the catalog holds, read with several requests at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from ddbbackup.catalog import Location, StoredRecord
from ddbbackup.steps.permission import KMS_KEY, Permission
from ddbbackup.steps.world import World

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("backup", "verify", "read")),
    Permission("s3:GetObject", "any-record", ("backup", "verify", "read")),
    Permission("kms:Decrypt", "key", ("backup", "verify", "read"), KMS_KEY, for_aws=True),
)
T = TypeVar("T")
U = TypeVar("U")
PENDING: Final = timedelta(days=7)  # an export that has run for longer is not waited for any more
_AT_A_TIME: Final = 16


@dataclass(frozen=True, slots=True)
class Holding:
    """All records of one table; each is read when it is asked for."""

    world: World
    table: str
    location: Location

    def all(self) -> tuple[StoredRecord, ...]:
        return tuple(self.world.catalog.of_table(self.location, self.table))

    def newest_complete(self) -> StoredRecord | None:
        records = self.world.catalog.of_table(self.location, self.table)
        return next((stored for stored in records if stored.record.state == "complete"), None)

    def pending(self) -> tuple[StoredRecord, ...]:
        """Those in progress among the newest record and all that are younger than ``PENDING``."""
        oldest = self.world.clock.now() - PENDING
        found: list[StoredRecord] = []
        for stored in self.world.catalog.of_table(self.location, self.table):
            if stored.record.state == "in_progress":
                found.append(stored)
            if stored.record.started_at < oldest:
                break
        return tuple(found)


def holdings(world: World, *, only: str | None = None) -> tuple[Holding, ...]:
    """One a table that has records under any destination of the plan, whether or not it still exists."""
    identity = world.source.identity
    found: dict[tuple[str, Location], Holding] = {}
    for destination in world.plan.destinations.values():
        tables = world.catalog.tables(destination, account=identity.account, region=identity.region)
        for table, location in tables.items():
            if only is None or fnmatchcase(table, only):
                found[table, location] = Holding(world, table, location)
    return tuple(sorted(found.values(), key=lambda holding: holding.table))


def in_progress(world: World, *, only: str | None = None) -> tuple[StoredRecord, ...]:
    held = holdings(world, only=only)
    return tuple(stored for many in at_once(Holding.pending, held) for stored in many)


def complete(world: World, *, only: str | None = None, every: bool = False) -> tuple[StoredRecord, ...]:
    """Each table's newest complete backup, or all of them."""
    held = holdings(world, only=only)
    if every:
        records = [stored for many in at_once(Holding.all, held) for stored in many]
        return tuple(stored for stored in records if stored.record.state == "complete")
    return tuple(stored for stored in at_once(Holding.newest_complete, held) if stored is not None)


def at_once(read: Callable[[T], U], things: Iterable[T]) -> list[U]:
    """The answers in the order of the things."""
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="catalog") as pool:
        return list(pool.map(read, things))
