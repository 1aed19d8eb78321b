"""What is known of many records without reading them: one document beside the records of a table.

It says of each complete record what the record said when it had the ETag beside it. A listing shows the ETag that the
record has now, so what changed since then counts for nothing, and what is missing here is read. So is what no record
of this ID could say. The document is a claim, as records are: it saves reads where a plan is made, and nothing is
removed before the records are read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from ddbbackup.catalog.acceptance import CLOCK_SKEW, ENDS_WITHIN
from ddbbackup.catalog.record import MAX_CHAIN, BackupKind, Count, Record
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.backup_id import seconds_of_id
from ddbbackup.model.documents import DocumentType, InvalidDocument

_MAX_RECORDS: Final = 50_000  # the newest; 120 bytes each
_SKEW_SECONDS: Final = CLOCK_SKEW.total_seconds()
_ENDS_WITHIN_SECONDS: Final = ENDS_WITHIN.total_seconds()


# IDs are compared with those of a listing, so a length is enough: nobody makes the document long by one of its texts.
_Id = Annotated[str, Meta(min_length=25, max_length=25)]
_Digest = Annotated[str, Meta(max_length=8)]
_ETag = Annotated[str, Meta(max_length=100)]


class SummarizedRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One complete record: an array in JSON, because there may be thousands.

    ``previous`` is None for a backup that needs no other; ``chain`` is a digest of all that it needs, and of the ID
    of the table. ``begins`` and ``reaches`` are the instants of its data in seconds since 1970, rounded up and down.
    ``verified`` is the result of the recorded verification, ``item_count`` that of ``RecordedData``.
    """

    id: _Id
    etag: _ETag
    previous: _Id | None
    chain: _Digest
    begins: Count
    reaches: Count
    size_bytes: Count
    verified: Literal["ok", "damaged"] | None
    kind: BackupKind
    item_count: Count | None


class _Document(msgspec.Struct, frozen=True):
    summary_version: Literal[1]
    records: list[SummarizedRecord]


# Made when the module is imported: see ``model.documents.DocumentType``.
_DOCUMENT: Final = DocumentType(_Document)
TableSummary = Mapping[str, SummarizedRecord]
"""By backup ID."""


def parse_summary(body: bytes) -> dict[str, SummarizedRecord]:
    """Raises ``DataIncomplete`` for a document of another form."""
    try:
        return {each.id: each for each in _DOCUMENT.decode(body).records}
    except InvalidDocument as error:
        raise DataIncomplete(f"the summary is invalid: {error}", hint="delete it") from error


def write_summary(summary: TableSummary) -> bytes:
    records = [summary[each] for each in sorted(summary)[-_MAX_RECORDS:]]
    return msgspec.json.encode(_Document(1, records)) + b"\n"


def summarize(record: Record, etag: str) -> SummarizedRecord | None:
    """None for a record that is not complete: it is read, because it changes again."""
    if record.state != "complete" or record.covers is None:
        return None
    return SummarizedRecord(
        id=record.id,
        etag=etag,
        previous=record.chain.previous,
        chain=next(
            _digests(record.table.id, ["".join(record.chain.needs)])
        ),  # at once: there may be thousands
        begins=math.ceil(record.covers.start.timestamp()),
        reaches=math.floor(record.covers.end.timestamp()),
        size_bytes=record.data.size_bytes or 0,
        verified=record.verified.result if record.verified is not None else None,
        kind=record.kind,
        item_count=record.data.item_count,
    )


def up_to_date(summary: TableSummary, listed: Iterable[tuple[str, str]]) -> dict[str, SummarizedRecord]:
    """What counts of a summary for the records ``listed``, ID and ETag of each."""
    return {
        backup_id: found
        for backup_id, etag in listed
        if (found := summary.get(backup_id)) is not None and found.etag == etag and _agrees_with_its_id(found)
    }


def _agrees_with_its_id(row: SummarizedRecord) -> bool:
    """Whether a record of this ID could be accepted with this kind and these times: see ``acceptance``."""
    is_window = row.kind == "window"
    if is_window != (row.previous is not None):
        return False
    try:
        time = seconds_of_id(row.id)
    except ValueError:
        return False
    if row.begins > row.reaches + 1:  # one instant, rounded up and down
        return False
    if is_window:
        return row.reaches == time
    return time - _SKEW_SECONDS <= row.begins and row.reaches <= time + _ENDS_WITHIN_SECONDS


def needs_of(backup_id: str, summary: TableSummary) -> tuple[str, ...] | None:
    """The backups that this one needs, the base first and itself last; None unless all are in ``summary``."""
    chain: list[str] = []
    following: str | None = backup_id
    while following is not None:
        found = summary.get(following)
        # IDs of a chain rise: a document that says otherwise may go round in a circle.
        if found is None or (chain and following >= chain[-1]) or len(chain) >= MAX_CHAIN:
            return None
        chain.append(following)
        following = found.previous
    return tuple(reversed(chain))


def proves_whole(summary: TableSummary, record: Record) -> bool:
    """Whether ``restore_points.judge_one`` would find that this record can be restored, and undamaged.

    ``summary`` has what counts of the earlier backups. False if it does not know: then their records are read.
    """
    own = summarize(record, "")
    if own is None:
        return False
    needs, before = record.chain.needs, None
    for backup_id, digest in zip(needs, _digests(record.table.id, needs), strict=True):
        row = own if backup_id == record.id else summary.get(backup_id)
        if row is None or row.verified == "damaged" or row.chain != digest:
            return False
        if before is not None and row.begins > before.reaches:
            return False
        before = row
    return True


def _digests(table_id: str, needs: Iterable[str]) -> Iterator[str]:
    """For each of these backups, that of the table and of the chain up to it. Short: they tell mistakes, not lies."""
    digest = hashlib.sha256(table_id.encode())
    for each in needs:
        digest.update(each.encode())
        yield digest.hexdigest()[:8]
