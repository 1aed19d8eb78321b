"""Queries of the catalog: what they find, and which records they read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ddbbackup.catalog import Catalog, StoredRecord, locate
from ddbbackup.catalog.queries import find_backups, tables_with_records
from ddbbackup.errors import NothingSelected, UsageError
from ddbbackup.plan.model import AwsSettings, Destination, Plan
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, NOW, record

VAULT = Destination("vault", "vault", "ddb/{table}/")
PLAN = Plan("prod", "prod.yaml", AwsSettings(), {"vault": VAULT}, (), {})


@pytest.fixture
def objects() -> MemoryObjects:
    """Ten backups of each of three tables."""
    objects = MemoryObjects()
    for table in ("orders", "users", "logs"):
        for day in range(10):
            each = record(table=table, run=f"r{day}", at=NOW - timedelta(days=day))
            location = locate(VAULT, IDENTITY, table=table, plan="prod")
            objects.bodies[location.record_key(each.id)] = each.to_json()
    return objects


def find(objects: MemoryObjects, backup_id: str) -> list[str]:
    tables = tables_with_records(Catalog(objects, plan="prod"), PLAN, IDENTITY)
    assert [each.table for each in tables] == ["logs", "orders", "users"]
    found = find_backups(tables, backup_id)
    return [stored.record.id for stored in found if isinstance(stored, StoredRecord)]


def test_a_backup_is_found_by_its_id_without_reading_other_records(objects: MemoryObjects) -> None:
    """A catalog can have thousands of records."""
    backup_id = record(table="users", run="r7", at=NOW - timedelta(days=7)).id
    assert find(objects, backup_id) == [backup_id]
    location = locate(VAULT, IDENTITY, table="users", plan="prod")
    assert objects.reads == [location.record_key(backup_id)]


@pytest.mark.parametrize("backup_id", ["20200101T000000Z-0badcafe", "../users/x", "latest", ""])
def test_an_unknown_id_is_not_found(objects: MemoryObjects, backup_id: str) -> None:
    """Text that is not a backup ID is not used as a key."""
    with pytest.raises(NothingSelected) as raised:
        find(objects, backup_id)
    assert raised.value.message == f"there is no backup {backup_id} in the catalog"
    assert objects.reads == []


def test_the_tables_that_were_searched_are_named(objects: MemoryObjects) -> None:
    """The catalog may have the backup, of another table."""
    tables = tables_with_records(Catalog(objects, plan="prod"), PLAN, IDENTITY, only=("orders",))
    with pytest.raises(NothingSelected, match=r"^there is no backup 0badcafe of orders in the catalog$"):
        find_backups(tables, "0badcafe", only=("orders",))


def test_a_short_id_is_found_if_it_means_one_backup(objects: MemoryObjects) -> None:
    """Its last eight digits, or its beginning."""
    backup_id = record(table="users", run="r7", at=NOW - timedelta(days=7)).id
    assert find(objects, backup_id[-8:]) == [backup_id]
    assert find(objects, backup_id[:19]) == [backup_id]


def test_a_short_id_of_several_backups_names_the_candidates(objects: MemoryObjects) -> None:
    made = [
        record(table=each, run="r7", at=NOW - timedelta(days=7)).id for each in ("orders", "users", "logs")
    ]
    with pytest.raises(UsageError) as raised:
        find(objects, made[0][:8])
    candidates = ", ".join(sorted(made, reverse=True))
    assert raised.value.message == f"{made[0][:8]} is short for 3 backups in the catalog: {candidates}"
    assert raised.value.hint == "pass more of the ID"
    assert objects.reads == []


def test_a_misspelled_id_is_answered_with_the_nearest_one(objects: MemoryObjects) -> None:
    backup_id = record(table="users", run="r7", at=NOW - timedelta(days=7)).id
    other = "0" if backup_id[-1] != "0" else "1"
    for misspelled in (backup_id[:-1] + other, backup_id[-8:-1] + other):
        with pytest.raises(NothingSelected) as raised:
            find(objects, misspelled)
        assert raised.value.hint == f"use `{backup_id}` instead"
