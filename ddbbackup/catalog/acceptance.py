"""Whether a record is what it claims to be. Whoever can write to the bucket can write a record; it proves nothing.

The plan and the account are the authority: a record counts only if its key, plan, account, region, table and derived
token agree with where it was found.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.catalog.location import Location
from ddbbackup.catalog.record import Record, derive_client_token, new_backup_id

CLOCK_SKEW: Final = timedelta(minutes=15)  # the clocks of AWS, this machine and the one that wrote a record

_MANIFEST: Final = re.compile(r"(?:[^\x00-\x1f]*/)?AWSDynamoDB/(?P<export>[^/]+)/manifest-summary\.json\Z")


def objection(record: Record, location: Location, key: str, *, now: datetime) -> str | None:
    """Why the record is not accepted, in a few words without any of its content; None if it is. Pure."""
    table = record.table
    arn = location.table_arn
    expected_id = new_backup_id(
        record.started_at, plan=location.plan, table_arn=arn, run=record.run, attempt=record.attempt
    )
    token = derive_client_token(
        plan=location.plan, table_arn=arn, table_id=table.id, run=record.run, attempt=record.attempt
    )
    claims = (
        (key == location.record_key(record.id), "its id is not the one of its key"),
        (record.plan == location.plan, "it belongs to another plan"),
        (table.name == location.table, "it belongs to another table"),
        (table.account == location.account, "it belongs to another account"),
        (table.region == location.region, "it belongs to another region"),
        (table.arn == arn, "it names the ARN of another table"),
        (record.id == expected_id, "its id does not belong to its run and time"),
        (record.export.client_token == token, "its client token does not belong to its run"),
        (
            record.export.arn is None or record.export.arn.startswith(f"{arn}/export/"),
            "it names an export of another table",
        ),
        (not _in_the_future(record, now), "it is dated in the future"),
        (
            _has_data(record) if record.state == "complete" else True,
            "it says complete without naming its data",
        ),
        (_names_its_manifest(record), "it names a manifest that is not of its export"),
    )
    return next((reason for holds, reason in claims if not holds), None)


def _in_the_future(record: Record, now: datetime) -> bool:
    times = (record.started_at, record.completed_at, record.export.time, record.export.ended_at)
    return any(time is not None and time > now + CLOCK_SKEW for time in times)


def _has_data(record: Record) -> bool:
    export, data = record.export, record.data
    return None not in (export.arn, export.time, export.manifest_key, data.item_count, data.size_bytes)


def _names_its_manifest(record: Record) -> bool:
    key, arn = record.export.manifest_key, record.export.arn
    if key is None:
        return True
    match = _MANIFEST.match(key)
    parts = key.split("/")
    return (
        match is not None
        and ".." not in parts
        and arn is not None
        and match["export"] == arn.rpartition("/")[2]
    )
