"""Which backups of a chain are missing, from a listing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ddbbackup.catalog import Catalog, RecordedChain, StoredRecord, locate
from ddbbackup.catalog.find_point import missing_backup
from ddbbackup.plan.model import Destination
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, NOW, record

LOCATION = locate(Destination("vault", "vault", "ddb/{table}/"), IDENTITY, table="orders", plan="prod")
BASE = record(at=NOW - timedelta(hours=2), run="r1")
FIRST = record(at=NOW - timedelta(hours=1), run="r2")
LAST = record(at=NOW, run="r3")


@pytest.mark.parametrize(
    ("base", "listed", "missing"),
    [
        (BASE.id, (BASE, FIRST, LAST), None),
        (BASE.id, (BASE, LAST), FIRST.id),
        (BASE.id, (FIRST, LAST), BASE.id),
        ("20269999T999999Z-00000000", (BASE, FIRST, LAST), "20269999T999999Z-00000000"),
    ],
)
def test_the_first_missing_backup_of_a_chain_is_found_by_listing(
    base: str, listed: tuple[object, ...], missing: str | None
) -> None:
    """No record is read. A forged ID may have a time that the calendar does not have."""
    objects = MemoryObjects()
    for each in (BASE, FIRST, LAST):
        if each in listed:
            objects.bodies[LOCATION.record_key(each.id)] = each.to_json()
    chain = RecordedChain(base=base, previous=FIRST.id, needs=(base, FIRST.id, LAST.id))
    stored = StoredRecord(replace(LAST, chain=chain), LOCATION, LOCATION.record_key(LAST.id), "etag")
    assert missing_backup(Catalog(objects, plan="prod"), stored) == missing
    assert objects.reads == []
