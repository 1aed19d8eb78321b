"""Reads the history of items out of all restore points of a table, as lines of JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.archive.item_keys import wire_key
from ddbbackup.archive.plain_json import plain_item
from ddbbackup.bulk.item_filter import INVALID_ITEM, ItemFilter, filter_of_keys, item_filter, item_of
from ddbbackup.bulk.read_items import Emit, ItemFormat
from ddbbackup.bulk.search_history import SearchHistory, Sighting, search_history
from ddbbackup.errors import DataIncomplete, NothingSelected, Refused
from ddbbackup.find.history_points import History
from ddbbackup.find.versions import Version, versions
from ddbbackup.model.numbers import counted
from ddbbackup.model.progress import OnProgress
from ddbbackup.plan.model import Only
from ddbbackup.ports import BulkAccess, KeyAttribute
from ddbbackup.times import to_iso

log = structlog.get_logger()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ITEM: Final = b'{"Item":'


def read_history(
    history: History,
    only: Only,
    item_format: ItemFormat,
    emit: Emit,
    *,
    access: BulkAccess,
    on_progress: OnProgress,
    stop: threading.Event,
) -> int:
    """Hands out every version of the items that ``only`` selects, newest first; returns how many. Blocking.

    A condition selects the items that match it in any version: all files are read twice, first for their keys.

    Raises ``NothingSelected`` if there are none, ``DataIncomplete`` if a file is damaged, ``Refused`` if ``only``
    does not fit the table, and what ``search_history`` raises.
    """
    if not history.keys:
        raise Refused(
            f"no record describes the key of {history.table}, and its live table cannot be described",
            hint="create the table with the key schema of the backup, or use a backup with a record",
        )

    def search(wanted: ItemFilter, *, keys_only: bool) -> tuple[Sighting, ...]:
        task = SearchHistory(history.keys, wanted, keys_only)
        found = search_history(
            history.backups, history.table, task, access=access, on_progress=on_progress, stop=stop
        )
        if found.invalid:
            raise DataIncomplete(
                f"the backups of {history.table} hold {counted(found.invalid, 'line')} that DynamoDB could not hold "
                "as an item",
                hint="verify the backups with `--level items`, or pass --since with a later time",
            )
        return found.sightings

    wanted = item_filter(only, history.keys)
    sightings: tuple[Sighting, ...] = ()
    if wanted.condition is None:
        sightings = search(wanted, keys_only=False)
    elif keys := {each.key for each in search(wanted, keys_only=True)}:
        sightings = search(filter_of_keys(history.keys, keys), keys_only=False)
    found = [
        each
        for each in versions(history.points, sightings)
        if history.since is None or each.point.time >= history.since
    ]
    log.info(
        events.HISTORY_READ,
        table=history.table,
        backups=len(history.points),
        versions=len(found),
        notes=list(history.notes),
    )
    if not found:
        raise NothingSelected(
            f"no restore point of {history.table} holds or changes {only.label}",
            hint="choose an earlier time with --since"
            if history.since is not None
            else "run `ddbbackup list` to see the backups",
        )
    for version in found:
        try:
            line = _line(version, history.keys, item_format)
        except INVALID_ITEM:
            raise DataIncomplete(
                f"an item in the backup {version.point.id} is not an item of DynamoDB",
                hint="pass `--format dynamodb-json` to see it as it is",
            ) from None
        emit(line)
    return len(found)


def _line(version: Version, keys: Sequence[KeyAttribute], item_format: ItemFormat) -> bytes:
    """One JSON object. The item is as it is in the backup, or without types."""
    written_at = (
        _EPOCH + timedelta(microseconds=version.written_at) if version.written_at is not None else None
    )
    members = {
        "backup": version.point.id,
        "time": to_iso(version.point.time),
        "written_at": to_iso(written_at),
        "change": version.change,
        "attributes": version.attributes,
    }
    key = wire_key(version.key, keys)
    plain = item_format == "json"
    key_text = plain_item(key) if plain else json.dumps(key, ensure_ascii=False)
    head = f'{json.dumps(members)[:-1]}, "key": {key_text}, "item": '
    return head.encode("utf-8", "surrogatepass") + _item(version.line, plain=plain) + b"}\n"


def _item(line: bytes | None, *, plain: bool) -> bytes:
    if line is None:
        return b"null"
    if plain:
        return plain_item(item_of(line)).encode("utf-8", "surrogatepass")
    return line.removeprefix(_ITEM).rstrip().removesuffix(b"}")
