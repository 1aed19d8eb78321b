"""Queries of the catalog: what they find, and which records they read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ddbbackup.catalog import Catalog, StoredRecord, locate
from ddbbackup.catalog.queries import find_backups, tables_with_records
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
    assert find(objects, backup_id) == []
    assert objects.reads == []
