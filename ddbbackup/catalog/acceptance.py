"""Whether a record is what it claims to be. Whoever can write to the bucket can write a record; it proves nothing.

The plan and the account are the authority: a record counts only if its key, plan, account, region, table and derived
token agree with where it was found.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import Record, derive_client_token, new_backup_id

CLOCK_SKEW: Final = timedelta(minutes=15)  # the clocks of AWS, this machine and the one that wrote a record
START_WITHIN: Final = timedelta(
    days=1
)  # a record without an export gets one; later, its ID would say another time
_LONGEST: Final = {
    "instant": timedelta(0),
    "interval": timedelta(days=7),
}  # a scan is slow where capacity is small
ENDS_WITHIN: Final = START_WITHIN + CLOCK_SKEW + max(_LONGEST.values())
"""How long after the time of its ID the data of a full backup, scan or snapshot may end."""

_MANIFEST: Final = re.compile(r"(?:[^\x00-\x1f]*/)?AWSDynamoDB/(?P<export>[^/]+)/manifest-summary\.json\Z")


def objection(record: Record, location: Location, key: str, *, now: datetime) -> str | None:
    """Why the record is not accepted, in a few words without any of its content; None if it is. Pure."""
    table = record.table
    arn = location.table_arn
    expected_id = new_backup_id(
        record.ids_time, plan=location.plan, table_arn=arn, run=record.run, attempt=record.attempt
    )
    claims = (
        (key == location.record_key(record.id), "its id is not the one of its key"),
        (record.plan == location.plan, "it belongs to another plan"),
        (table.name == location.table, "it belongs to another table"),
        (table.account == location.account, "it belongs to another account"),
        (table.region == location.region, "it belongs to another Region"),
        (table.arn == arn, "it names the ARN of another table"),
        (record.id == expected_id, "its id does not belong to its run and time"),
        (_is_of_its_run(record, location), "what it was made by does not belong to its run"),
        (_is_of_its_table(record, arn), "it names an export or an on-demand backup of another table"),
        (not _in_the_future(record, now), "it is dated in the future"),
        (_covers_its_time(record), "its data does not reach the time of its id"),
        (_has_a_chain(record), "its chain does not end with it"),
        (
            _has_data(record) if record.state == "complete" else True,
            "it says complete without naming its data",
        ),
        (_names_its_manifest(record), "it names a manifest that is not of its export"),
    )
    return next((reason for holds, reason in claims if not holds), None)


def _is_of_its_run(record: Record, location: Location) -> bool:
    """Whether the token of the export, or the name of the on-demand backup, is the one of this attempt."""
    token = derive_client_token(
        plan=location.plan,
        table_arn=location.table_arn,
        table_id=record.table.id,
        run=record.run,
        attempt=record.attempt,
    )
    if record.export is not None:
        return record.export.client_token == token
    if record.scan is not None:
        return record.scan.export_id == make_export_id(record.started_at, record.id.rpartition("-")[2])
    return record.snapshot is None or record.snapshot.name == token


def _is_of_its_table(record: Record, table_arn: str) -> bool:
    arn, job = record.job_arn, "export" if record.export is not None else "backup"
    return arn is None or arn.startswith(f"{table_arn}/{job}/")


def _in_the_future(record: Record, now: datetime) -> bool:
    ended = record.export.ended_at if record.export is not None else None
    times = (record.started_at, record.completed_at, record.ids_time, record.time, ended)
    return any(time is not None and time > now + CLOCK_SKEW for time in times)


def _covers_its_time(record: Record) -> bool:
    """An export of the current state starts when AWS has room for it, at the latest a day after its record."""
    covers = record.covers
    if covers is None:
        return True
    if covers.kind == "window":
        return record.export is not None and covers.start < covers.end
    if (covers.kind == "instant") != (record.export is not None):
        return False
    requested = record.export.requested_time if record.export is not None else None
    latest = record.ids_time + (timedelta(0) if requested else START_WITHIN)
    return (
        record.ids_time - CLOCK_SKEW <= covers.start
        and covers.end <= latest + CLOCK_SKEW + _LONGEST[covers.kind]
    )


def _has_a_chain(record: Record) -> bool:
    chain = record.chain
    if (
        chain.needs[-1] != record.id
        or chain.needs[0] != chain.base
        or list(chain.needs) != sorted(set(chain.needs))
    ):
        return False
    if record.kind != "window":
        return chain.needs == (record.id,) and chain.previous is None
    return len(chain.needs) > 1 and chain.previous == chain.needs[-2]


def _has_data(record: Record) -> bool:
    if record.covers is None:
        return False
    if record.snapshot is not None:
        return record.snapshot.arn is not None
    data = record.data
    named = (data.manifest_key, data.item_count, data.size_bytes)
    return None not in named and (record.export is None or record.export.arn is not None)


def _names_its_manifest(record: Record) -> bool:
    key = record.data.manifest_key
    if key is None:
        return True
    match = _MANIFEST.match(key)
    return match is not None and ".." not in key.split("/") and match["export"] == _export_id(record)


def _export_id(record: Record) -> str | None:
    """The name of the folder with the data of the backup."""
    if record.scan is not None:
        return record.scan.export_id
    return record.export_arn.rpartition("/")[2] if record.export_arn is not None else None
