"""``from: {s3_uris: […]}``: a full export and its windows in S3, of which no record is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ddbbackup.archive.layout import parse_s3_uri
from ddbbackup.archive.manifests import Summary
from ddbbackup.catalog import OpenedExport, open_export
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.errors import Refused
from ddbbackup.ports import Objects
from ddbbackup.times import to_iso


def open_chain(objects: Objects, uris: Sequence[str], *, owner: str | None) -> tuple[OpenedExport, ...]:
    """The exports of a chain, in the order of the URIs: the full one first. Blocks.

    Only manifests say what the exports are, so all of them must be there. Raises ``Refused`` unless the first one is
    a full export, and each other one a window of the same table that begins where the one before it ends, or earlier.
    """
    opened = read_concurrently(lambda uri: open_export(objects, parse_s3_uri(uri), owner=owner), uris)
    end: datetime | None = None
    for number, (uri, export) in enumerate(zip(uris, opened, strict=True)):
        end = _check(uri, export.summary, opened[0].summary, number, end)
    return tuple(opened)


def _check(
    uri: str, summary: Summary | None, base: Summary | None, number: int, end: datetime | None
) -> datetime | None:
    """The time that the export reaches."""
    if summary is None or base is None:
        raise Refused(
            f"{uri} has no manifest-summary.json, so its place in a chain is not known",
            hint="copy the whole folder of the export again",
        )
    if (summary.table_arn, summary.table_id) != (base.table_arn, base.table_id):
        raise Refused(
            f"{uri} is an export of another table than the first one", hint="remove it from `s3_uris`"
        )
    if number == 0:
        if summary.export_type != "FULL_EXPORT":
            raise Refused(
                f"{uri} contains only changes, but the first export of a chain has to be a full one",
                hint="put the full export first in `s3_uris`",
            )
        return summary.export_time
    if summary.export_type != "INCREMENTAL_EXPORT" or summary.from_time is None or summary.to_time is None:
        raise Refused(
            f"{uri} is not an incremental export, so it cannot follow another one",
            hint="restore it by `s3_uri`, or remove it from `s3_uris`",
        )
    if end is None or summary.from_time > end or summary.to_time <= end:
        raise Refused(
            f"{uri} has the changes from {to_iso(summary.from_time)} to {to_iso(summary.to_time)}, but the export "
            f"before it ends at {to_iso(end) or 'an unknown time'}",
            hint="name every window once in `s3_uris`, in the order of time",
        )
    return summary.to_time
