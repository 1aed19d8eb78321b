"""Records in the bucket: who wins a race, what is found again, and what is not believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.catalog import Catalog, Location, Record, derive_client_token, locate, new_backup_id
from ddbbackup.catalog.store import parse_record
from ddbbackup.errors import Conflict, DataNotWhole
from ddbbackup.plan.model import Destination
from tests.support.memory import MemoryObjects

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
WHERE = Location("vault", "ddb/orders/")


def record(
    *, run: str = "r1", attempt: int = 1, at: datetime = NOW, table: str = "orders", **more: Any
) -> Record:
    ids = {"plan": "prod", "table_arn": ARN, "run": run, "attempt": attempt}
    return Record(
        id=new_backup_id(at, **ids),  # type: ignore[arg-type]
        plan="prod",
        run=run,
        attempt=attempt,
        kind="full",
        state=more.pop("state", "in_progress"),
        table=table,
        table_arn=ARN,
        table_id="t-1",
        account="123456789012",
        region="eu-west-1",
        started_at=at,
        bucket="vault",
        prefix="ddb/orders/",
        client_token=derive_client_token(table_id="t-1", **ids),  # type: ignore[arg-type]
        **more,
    )


def test_a_record_comes_back_as_it_was_written() -> None:
    """Every member, through the JSON in the bucket and its schema."""
    whole = record(
        state="complete",
        bucket_owner="210987654321",
        sse_algorithm="KMS",
        kms_key_id="alias/vault",
        requested_export_time=NOW,
        export_arn=f"{ARN}/export/01700000000000-0badcafe",
        export_time=NOW,
        export_ended_at=NOW + timedelta(minutes=5),
        manifest_key="ddb/orders/AWSDynamoDB/x/manifest-summary.json",
        item_count=3,
        file_count=4,
        size_bytes=99,
        completed_at=NOW + timedelta(minutes=6),
        checks=("a",),
        notes=("b",),
        description={"KeySchema": [{"AttributeName": "ключ", "KeyType": "HASH"}]},
    )
    assert parse_record(whole.to_json(), where="here") == whole


def test_members_of_another_version_are_ignored() -> None:
    """A record that a later version wrote can still be restored from."""
    document = json.loads(record().to_json()) | {"new_member": {"x": 1}}
    document["export"]["another"] = True
    assert parse_record(json.dumps(document).encode(), where="here") == record()


@given(body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_no_record_is_data_not_whole(body: bytes) -> None:
    """Records lie in a bucket; nothing in them is believed before its schema holds."""
    with pytest.raises(DataNotWhole):
        parse_record(body, where="here")


@pytest.mark.parametrize(
    ("member", "value"), [("state", "fine"), ("started_at", "yesterday"), ("table", None), ("attempt", "1")]
)
def test_a_record_with_a_member_that_cannot_be_is_not_believed(member: str, value: object) -> None:
    """The defect is named without repeating what stands there."""
    document = json.loads(record().to_json()) | {member: value}
    with pytest.raises(DataNotWhole, match="record here"):
        parse_record(json.dumps(document).encode(), where="here")


def test_two_processes_of_one_run_end_up_with_one_record() -> None:
    """The earlier id wins, the later record is taken away again, and both go on with the same token."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    first, second = record(), record(at=NOW + timedelta(seconds=1))
    objects.before_put = lambda: void(catalog.create(first, WHERE))

    won = catalog.create(second, WHERE)

    assert won.record == first
    assert len(objects.bodies) == 1
    assert won.record.client_token == second.client_token


def test_a_record_that_somebody_changed_is_not_written_over() -> None:
    """If-Match: the second of two writers is told."""
    catalog = Catalog(MemoryObjects(), plan="prod")
    stored = catalog.create(record(), WHERE)
    catalog.update(stored, replace(stored.record, export_arn="arn:1"))
    with pytest.raises(Conflict):
        catalog.update(stored, replace(stored.record, export_arn="arn:2"))


def test_the_newest_attempt_of_a_run_is_found_among_years_of_records() -> None:
    """Without reading records of other runs: their ids tell."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    for day in range(40):
        catalog.create(record(run=f"other-{day}", at=NOW - timedelta(days=day)), WHERE)
    catalog.create(record(), WHERE)
    newest = catalog.create(record(attempt=2, at=NOW + timedelta(hours=1)), WHERE)

    found = catalog.of_run(WHERE, "orders", table_arn=ARN, run="r1")

    assert found == newest
    assert catalog.of_run(WHERE, "orders", table_arn=ARN, run="r2") is None


def test_records_are_listed_newest_first_and_strangers_are_passed_over() -> None:
    """Only what is named as a backup id is read."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    made = [catalog.create(record(run=f"r{n}", at=NOW + timedelta(days=n)), WHERE) for n in range(3)]
    objects.bodies["ddb/orders/ddbbackup/prod/orders/notes.txt"] = b"not a record"
    assert list(catalog.of_table(WHERE, "orders")) == made[::-1]


@pytest.mark.parametrize(
    "prefix",
    ["", "ddb/", "ddb/{table}/", "{account}/{table}/{region}/", "ddb/table-{table}/", "{plan}-{table}"],
)
def test_tables_are_found_under_every_form_of_prefix(prefix: str) -> None:
    """Also those that no longer exist in the account: the catalog alone knows them."""
    objects = MemoryObjects()
    catalog = Catalog(objects, plan="prod")
    destination = Destination("vault", "vault", prefix=prefix)
    for name in ("orders", "orders-2", "billing"):
        place = locate(destination, account="123456789012", region="eu-west-1", table=name, plan="prod")
        catalog.create(record(table=name, run=name), place)

    found = catalog.tables(destination, account="123456789012", region="eu-west-1")

    assert set(found) == {"orders", "orders-2", "billing"}
    assert all(list(catalog.of_table(place, name)) for name, place in found.items())


def void(_: object) -> None:
    """For a callback whose answer nobody wants."""
