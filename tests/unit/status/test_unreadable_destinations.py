"""A destination that cannot be read hides its own tables, in one row, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.catalog import Catalog
from ddbbackup.catalog.queries import catalog_tables, readable_records
from ddbbackup.errors import AccessDenied, NothingSelected, Unreachable
from ddbbackup.plan.model import AwsSettings, Destination, Plan, TableEntry
from ddbbackup.ports import ObjectFacts
from ddbbackup.status.table_status import read_statuses
from ddbbackup.steps.context import RunContext
from tests.support.contexts import run_context
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, HOUR, TODAY, MortalObjects, Vault

VAULT = Destination("vault", "vault", "ddb/{table}/")
OTHER = Destination("other", "elsewhere", "ddb/{table}/")
DENIED = AccessDenied("not allowed to list it", hint="ask")


class PartlyReadable(MortalObjects):
    """``denied``: prefixes of keys that may not be read. ``gone``: buckets that do not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.denied: tuple[str, ...] = ()
        self.gone: tuple[str, ...] = ()
        self.asked: list[str] = []

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        self.asked.append(bucket)
        if bucket in self.gone:
            raise Unreachable("S3 does not answer", hint="try later")
        return super().folders(bucket, prefix, owner=owner)

    def keys(self, bucket: str, prefix: str, **members: Any) -> Iterator[ObjectFacts]:
        self.asked.append(bucket)
        if bucket in self.gone:
            raise Unreachable("S3 does not answer", hint="try later")
        return super().keys(bucket, prefix, **members)

    def read(self, bucket: str, key: str, **members: Any) -> tuple[bytes, ObjectFacts]:
        if key.startswith(self.denied or "-"):
            raise DENIED
        return super().read(bucket, key, **members)


class World:
    """``orders`` and ``users`` are in the vault, ``logs`` and ``carts`` elsewhere."""

    def __init__(self) -> None:
        self.objects = PartlyReadable()
        self.entries = {
            name: TableEntry(position=number, destination=where, name=name, rpo_seconds=3600)
            for number, (name, where) in enumerate(
                [("orders", "vault"), ("users", "vault"), ("logs", "other"), ("carts", "other")]
            )
        }
        for table in ("orders", "users"):
            vault = Vault(table=table)
            vault.objects.bodies = self.objects.bodies
            self.records = vault.location.records
            for days in (1, 2):
                vault.full(TODAY - days * DAY + DAY - HOUR / 2)
        self.clock = vault.clock
        self.plan = Plan(
            "prod",
            "p.yaml",
            AwsSettings(),
            {"vault": VAULT, "other": OTHER},
            tuple(self.entries.values()),
            {},
        )
        self.catalog = Catalog(self.objects, plan="prod", clock=self.clock)

    @property
    def context(self) -> RunContext:
        source = SimpleNamespace(identity=IDENTITY)
        return run_context(self.clock, plan=self.plan, source=source, catalog=self.catalog)


@pytest.fixture
def world() -> World:
    return World()


def test_a_destination_that_does_not_answer_is_asked_once(world: World) -> None:
    """Two thousand tables with all retries would take hours."""
    world.objects.gone = ("elsewhere",)
    found = read_statuses(world.context, world.entries)
    assert [each.table for each in found.tables] == ["orders", "users"]
    (place,) = found.unreadable
    assert (place.name, place.bucket, place.tables) == ("other", "elsewhere", ("logs", "carts"))
    assert place.error.message == "S3 does not answer"
    assert world.objects.asked.count("elsewhere") == 1


def test_tables_whose_records_may_not_be_read_are_one_row(world: World) -> None:
    """They are not tables without restorable backups."""
    world.objects.denied = (world.records.rpartition("users/")[0],)
    found = read_statuses(world.context, world.entries)
    assert [each.table for each in found.tables] == ["logs", "carts"]
    assert [(each.name, each.tables) for each in found.unreadable] == [("vault", ("orders", "users"))]


def test_one_record_that_may_not_be_read_hides_nothing(world: World) -> None:
    location = Vault(table="users").location
    newest = world.catalog.record_keys(location)[-1]
    world.objects.denied = (newest,)
    found = read_statuses(world.context, world.entries)
    assert found.unreadable == ()
    (users,) = (each for each in found.tables if each.table == "users")
    assert [each.backup for each in users.not_restorable] == [newest.rpartition("/")[2].removesuffix(".json")]


def test_a_list_shows_what_the_other_destinations_have(world: World) -> None:
    world.objects.gone = ("elsewhere",)
    found = catalog_tables(world.catalog, world.plan, IDENTITY)
    assert {name: error.message for name, error in found.unreadable.items()} == {
        "other": "S3 does not answer"
    }
    read = readable_records(found.tables, limit=1)
    assert ([each.location.table for each in read.records], read.errors) == (["orders", "users"], {})
    # The table may be in the destination that cannot be read.
    assert catalog_tables(world.catalog, world.plan, IDENTITY, only=("logs",)).tables == ()
    world.objects.gone = ()
    with pytest.raises(NothingSelected):
        catalog_tables(world.catalog, world.plan, IDENTITY, only=("lgos",))


def test_a_destination_of_which_no_record_may_be_read_is_one_error_of_the_list(world: World) -> None:
    plan = replace(world.plan, destinations={"vault": VAULT})
    tables = catalog_tables(world.catalog, plan, IDENTITY).tables
    world.objects.denied = (world.records.rpartition("users/")[0],)
    read = readable_records(tables)
    assert (read.records, dict(read.errors)) == ((), {"vault": DENIED})
    world.objects.denied = (world.records,)
    read = readable_records(tables)
    assert (len(read.records), dict(read.errors)) == (4, {})


def test_statuses_keep_the_order_of_the_plan(world: World) -> None:
    plan = replace(world.plan, tables=tuple(reversed(world.plan.tables)))
    context = run_context(
        world.clock, plan=plan, source=SimpleNamespace(identity=IDENTITY), catalog=world.catalog
    )
    found = read_statuses(context, dict(reversed(world.entries.items())))
    assert [each.table for each in found.tables] == ["carts", "logs", "users", "orders"]
