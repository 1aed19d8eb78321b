"""Records in the bucket: who wins a race, and which records are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ddbbackup.catalog import Catalog, Location, locate
from ddbbackup.errors import Conflict
from ddbbackup.plan.model import Destination
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, NOW, record

WHERE = Location("vault", "ddb/orders/")
ARN = record().table.arn


def test_two_processes_of_one_run_end_up_with_one_record() -> None:
    """The earlier id wins, the later record is deleted, and both continue with the same client token."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    first, second = record(), record(at=NOW + timedelta(seconds=1))
    objects.before_put = lambda: ignore(catalog.create(first, WHERE))

    won = catalog.create(second, WHERE)

    assert won.record == first
    assert len(objects.bodies) == 1
    assert won.record.export.client_token == second.export.client_token


def test_a_record_that_another_process_changed_is_not_overwritten() -> None:
    """The second of two writers gets an error (If-Match)."""
    catalog = Catalog(MemoryObjects(), plan="prod")
    stored = catalog.create(record(), WHERE)
    catalog.update(stored, replace(stored.record, run="another"))
    with pytest.raises(Conflict):
        catalog.update(stored, replace(stored.record, run="a third"))


def test_the_last_attempt_of_a_run_is_found_by_its_id() -> None:
    """Without reading the records of other runs."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    for day in range(40):
        catalog.create(record(run=f"other-{day}", at=NOW - timedelta(days=day)), WHERE)
    catalog.create(record(), WHERE)
    newest = catalog.create(record(attempt=2, at=NOW + timedelta(hours=1)), WHERE)

    found = catalog.of_run(WHERE, "orders", table_arn=ARN, run="r1")

    assert found == newest
    assert objects.reads == [newest.key]
    assert catalog.of_run(WHERE, "orders", table_arn=ARN, run="r2") is None


def test_records_are_listed_newest_first_and_other_objects_are_ignored() -> None:
    """Only keys with the form of a backup id are read."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    created = [catalog.create(record(run=f"r{n}", at=NOW + timedelta(days=n)), WHERE) for n in range(3)]
    objects.bodies["ddb/orders/ddbbackup/prod/orders/notes.txt"] = b"not a record"
    assert list(catalog.of_table(WHERE, "orders")) == created[::-1]


@pytest.mark.parametrize(
    "prefix",
    ["", "ddb/", "ddb/{table}/", "{account}/{table}/{region}/", "ddb/table-{table}/", "{plan}-{table}"],
)
def test_tables_are_found_below_every_form_of_prefix(prefix: str) -> None:
    """Also tables that no longer exist in the account."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    destination = Destination("vault", "vault", prefix=prefix)
    for name in ("orders", "orders-2", "billing"):
        place = locate(destination, IDENTITY, table=name, plan="prod")
        catalog.create(record(table=name, run=name), place)

    found = catalog.tables(destination, IDENTITY)

    assert set(found) == {"orders", "orders-2", "billing"}
    assert all(list(catalog.of_table(place, name)) for name, place in found.items())


def ignore(_: object) -> None:
    """For a callback without a result."""
