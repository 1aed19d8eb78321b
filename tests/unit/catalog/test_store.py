"""Records in the bucket: who wins a race, and which records are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ddbbackup.catalog import BadRecord, Catalog, Record, StoredRecord, locate
from ddbbackup.errors import Conflict, DataIncomplete
from ddbbackup.plan.model import Destination
from ddbbackup.ports import ObjectFacts
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, NOW, record

WHERE = locate(Destination("vault", "vault", prefix="ddb/{table}/"), IDENTITY, table="orders", plan="prod")


def test_two_processes_of_one_run_end_up_with_one_record() -> None:
    """The earlier id wins, the later record is deleted, and both continue with the same client token."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    first, second = record(), record(at=NOW + timedelta(seconds=1))
    objects.before_put = lambda: ignore(catalog.create(first, WHERE))

    won = catalog.create(second, WHERE)

    assert won.record == first
    assert len(objects.bodies) == 1
    assert won.record.export == second.export


def test_the_loser_of_a_race_about_one_export_reads_again_and_agrees() -> None:
    """`wait` beside `backup`: both know the same export, so both end well."""
    catalog = Catalog(MemoryObjects(), plan="prod")
    stored = catalog.create(record(), WHERE)
    arn = f"{WHERE.table_arn}/export/01"
    started = with_export(stored.record, arn)
    catalog.update(stored, started)
    assert catalog.update(stored, started).record == started
    settled = replace(started, settings="5" * 64)
    assert catalog.update(stored, settled).record == settled


def test_a_record_of_another_export_is_not_overwritten() -> None:
    """Two exports of one attempt are no race that can be settled."""
    catalog = Catalog(MemoryObjects(), plan="prod")
    stored = catalog.create(record(), WHERE)
    catalog.update(stored, with_export(stored.record, f"{WHERE.table_arn}/export/01"))
    with pytest.raises(Conflict):
        catalog.update(stored, with_export(stored.record, f"{WHERE.table_arn}/export/02"))


def test_one_bad_record_does_not_hide_the_others() -> None:
    """Unreadable, damaged or forged: it is one bad row, and the rest is read."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    created = [catalog.create(record(run=f"r{n}", at=NOW + timedelta(minutes=n)), WHERE) for n in range(3)]
    objects.bodies[created[1].key] = b"[" * 100_000
    found = list(catalog.of_table(WHERE))
    assert [isinstance(each, BadRecord) for each in found] == [False, True, False]
    assert found[1].location == WHERE
    with pytest.raises(DataIncomplete):
        catalog.find(WHERE, created[1].record.id)


def test_a_record_of_this_run_that_cannot_be_read_stops_the_run() -> None:
    """Its export may be running: a second one would be billed."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    objects.bodies[catalog.create(record(), WHERE).key] = b"{"
    with pytest.raises(DataIncomplete):
        catalog.of_run(WHERE, run="r1")


def test_two_processes_of_one_run_that_write_in_the_same_second_have_the_same_record() -> None:
    """Their ids are the same: whoever comes second takes the record of the first, whatever it holds by now."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    first = catalog.create(record(), WHERE)
    changed = catalog.update(first, replace(first.record, state="failed"))
    assert catalog.create(record(), WHERE) == changed
    objects.bodies[first.key] = b"{"
    with pytest.raises(Conflict):
        catalog.create(record(), WHERE)


def test_the_last_attempt_of_a_run_is_found_by_its_id() -> None:
    """Without reading the records of other runs."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    for day in range(40):
        catalog.create(record(run=f"other-{day}", at=NOW - timedelta(days=day)), WHERE)
    catalog.create(record(), WHERE)
    newest = catalog.create(record(attempt=2, at=NOW + timedelta(minutes=1)), WHERE)

    found = catalog.of_run(WHERE, run="r1")

    assert found == newest
    assert objects.reads == [newest.key]
    assert catalog.of_run(WHERE, run="r2") is None


def test_records_are_listed_newest_first_and_other_objects_are_ignored() -> None:
    """Only keys with the form of a backup id are read."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    created = [catalog.create(record(run=f"r{n}", at=NOW + timedelta(minutes=n)), WHERE) for n in range(3)]
    objects.bodies[f"{WHERE.records}notes.txt"] = b"not a record"
    assert list(catalog.of_table(WHERE)) == created[::-1]


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
    assert all(list(catalog.of_table(place)) for place in found.values())


def with_export(started: Record, arn: str) -> Record:
    assert started.export is not None
    return replace(started, export=replace(started.export, arn=arn))


def ignore(_: object) -> None:
    """For a callback without a result."""


class SpoiledOnTheWay(MemoryObjects):
    """The next answers to reads have one other byte. ``etag``: what answers say in place of the MD5."""

    def __init__(self, etag: str | None = None) -> None:
        super().__init__()
        self.spoiled, self.etag = 0, etag

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        body, facts = super().read(bucket, key, limit_bytes=limit_bytes, owner=owner)
        if self.spoiled:
            self.spoiled -= 1
            body = b"$" + body[1:]
        return body, replace(facts, etag=self.etag or facts.etag)


@pytest.mark.parametrize("etag", [None, '"0123456789abcdef0123456789abcdef"'], ids=["md5", "kms"])
@pytest.mark.parametrize("spoiled", [1, 3])
def test_an_answer_that_was_changed_on_its_way_makes_no_bad_record(spoiled: int, etag: str | None) -> None:
    """Otherwise a restore would take an older backup."""
    objects = SpoiledOnTheWay(etag)
    catalog = Catalog(objects, plan="prod")
    created = catalog.create(record(), WHERE)
    objects.spoiled = spoiled
    found = catalog.read(WHERE, created.key)
    assert isinstance(found, StoredRecord)
    assert found.record == created.record


@pytest.mark.parametrize(
    ("etag", "reads"), [(None, 1), ('"0123456789abcdef0123456789abcdef"', 4)], ids=["md5", "kms"]
)
def test_what_the_bucket_holds_is_read_again_only_without_proof(etag: str | None, reads: int) -> None:
    """The ETag of an object that KMS encrypts says nothing about its content."""
    objects = SpoiledOnTheWay(etag)
    catalog = Catalog(objects, plan="prod")
    created = catalog.create(record(), WHERE)
    objects.bodies[created.key] = b"{}"
    assert isinstance(catalog.read(WHERE, created.key), BadRecord)
    assert objects.reads == [created.key] * reads
