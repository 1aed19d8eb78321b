"""Logs every write to a table with point-in-time recovery, and reads what a table held at an instant.

moto writes items in three places, which this module replaces: put, delete and update of one item. BatchWriteItem,
TransactWriteItems, PartiQL, imports and bulk puts use them.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from ddbbackup.sandbox.change_log import Change, ChangeLog
from ddbbackup.sandbox.export_rules import latest_restorable
from ddbbackup.sandbox.moto_tables import aws_error, table_state
from ddbbackup.sandbox.sandbox_clock import CLOCK

DAY_SECONDS: Final = 86_400
_PUT: Final[Any] = Table.put_item
_DELETE: Final[Any] = Table.delete_item
_UPDATE: Final[Any] = DynamoDBBackend.update_item
_TRANSACT: Final[Any] = DynamoDBBackend.transact_write_items
_SET_RECOVERY: Final[Any] = DynamoDBBackend.update_continuous_backups
_RECOVERY: Final[Any] = DynamoDBBackend.describe_continuous_backups
_WRITES: Final = threading.RLock()  # a write and its entry in the log are one step
_LOGGED: Final = threading.local()  # ``elsewhere``: the write is a part of one that is logged itself


def install() -> None:
    """Replaces methods of moto's tables and backend. ``put_item`` is called by ``moto_indexes``."""
    for owner, name, method in (
        (Table, "delete_item", _delete_item),
        (DynamoDBBackend, "update_item", _update_item),
        (DynamoDBBackend, "transact_write_items", _transact_write_items),
        (DynamoDBBackend, "update_continuous_backups", _set_recovery),
        (DynamoDBBackend, "describe_continuous_backups", _describe_recovery),
    ):
        setattr(owner, name, method)


# ---- reading


def items_now(table: Table) -> tuple[float, list[Item]]:
    """The time of now, in whole milliseconds, and the items: every later write has a later time."""
    with _WRITES:
        log = table_state(table).changes
        now = _micros(CLOCK.now())
        instant = log.boundary(now) if log is not None else now // 1000 * 1000
        return instant / 1_000_000, list(table.all_items())


def items_at(table: Table, seconds: float) -> list[Item]:
    """The items that the table held at an instant since its point-in-time recovery was enabled."""
    with _WRITES:
        log = table_state(table).changes
        undone = log.before(_micros(seconds)) if log is not None else {}
        kept = [item for item in table.all_items() if _key(item) not in undone]
    return kept + [item for item in undone.values() if item is not None]


def net_changes(table: Table, start: float, end: float) -> list[Change[Item]]:
    """The net changes of a window, whose end is not part of it."""
    with _WRITES:
        log = table_state(table).changes
        return log.net_changes(_micros(start), _micros(end)) if log is not None else []


def fill(table: Table, items: Iterable[Item]) -> None:
    """Makes these the items of a new table."""
    for item in items:
        if item.range_key is not None:
            table.items[item.hash_key][item.range_key] = item
        else:
            table.items[item.hash_key] = item  # type: ignore[assignment] # moto types it for tables with a range key


def delete_expired() -> int:
    """Deletes what its TTL has expired, as DynamoDB does within a few days. Returns the number of items."""
    tables = [
        table
        for regions in dynamodb_backends.values()
        for backend in regions.values()
        for table in list(backend.tables.values())
        if table.ttl["TimeToLiveStatus"] == "ENABLED"
    ]
    expired = [
        (table, item) for table in tables for item in list(table.all_items()) if _has_expired(table, item)
    ]
    for table, item in expired:
        table.delete_item(item.hash_key, item.range_key)
    return len(expired)


def _has_expired(table: Table, item: Item) -> bool:
    value = item.attrs.get(table.ttl["AttributeName"])
    return value is not None and value.type == "N" and float(value.value) < CLOCK.now()


# ---- writing


def put_item(table: Table, item_attrs: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    with _WRITES:
        before = _find(table, item_attrs)
        item = _PUT(table, item_attrs, *arguments, **named)
        _log(table, before, item)
        return item


def _delete_item(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Any:
    with _WRITES:
        item = _DELETE(table, hash_key, range_key)
        if item is not None:
            _log(table, item, None)
        return item


def _update_item(
    backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any
) -> Any:
    """moto changes the item itself, so it gets a copy; of a new item it first puts the key, also if it then fails."""
    with _WRITES:
        table = backend.get_table(table_name)
        before = _find(table, key)
        if before is not None:
            fill(table, [copy.deepcopy(before)])
        outer, _LOGGED.elsewhere = getattr(_LOGGED, "elsewhere", False), True
        try:
            item = _UPDATE(backend, table_name, key, *arguments, **named)
        except BaseException:
            _put_back(table, key, before)
            raise
        finally:
            _LOGGED.elsewhere = outer
        _log(table, before, item)
        return item


def _put_back(table: Table, key: dict[str, Any], before: Item | None) -> None:
    partial = _find(table, key)
    if before is not None:
        fill(table, [before])
    elif partial is not None:
        _DELETE(table, partial.hash_key, partial.range_key)


def _transact_write_items(backend: DynamoDBBackend, transact_items: Sequence[dict[str, Any]]) -> None:
    """moto replaces the tables by copies if the transaction fails. Their logs go back to what they were."""
    with _WRITES:
        logs = [table_state(table).changes for table in backend.tables.values()]
        lengths = [(log, len(log)) for log in logs if log is not None]
        try:
            _TRANSACT(backend, transact_items)
        except BaseException:
            for log, length in lengths:
                log.truncate(length)
            raise


def _log(table: Table, old: Item | None, new: Item | None) -> None:
    log, item = table_state(table).changes, old if old is not None else new
    if log is None or item is None or getattr(_LOGGED, "elsewhere", False):
        return
    now = _micros(CLOCK.now())
    log.forget(now - _recovery_period(table) * 1_000_000)
    log.append(_key(item), old, new, now=now)


def _find(table: Table, attributes: dict[str, Any]) -> Item | None:
    """The item with the key that is among the attributes; None if there is none, or if the key is invalid."""
    names = table.table_key_attrs
    if any(not isinstance(attributes.get(name), dict) for name in names):
        return None
    hash_key, *range_key = (DynamoType(attributes[name]) for name in names)
    found = table.items.get(hash_key)
    if range_key:
        return found.get(range_key[0]) if found is not None else None
    return found  # type: ignore[return-value] # moto types it for tables with a range key


def _key(item: Item) -> tuple[DynamoType, DynamoType | None]:
    return item.hash_key, item.range_key


# ---- the recovery window


def _set_recovery(backend: DynamoDBBackend, table_name: str, point_in_time_spec: dict[str, Any]) -> Any:
    """The log begins when recovery is enabled, and is lost when it is disabled."""
    if not point_in_time_spec["PointInTimeRecoveryEnabled"] and "RecoveryPeriodInDays" in point_in_time_spec:
        raise aws_error(
            "ValidationException", "The sandbox: RecoveryPeriodInDays is not for disabling the recovery"
        )
    with _WRITES:
        _SET_RECOVERY(backend, table_name, point_in_time_spec)
        state = table_state(backend.get_table(table_name))
        if not point_in_time_spec["PointInTimeRecoveryEnabled"]:
            state.changes = None
        elif state.changes is None:
            state.changes = ChangeLog()
    return _describe_recovery(backend, table_name)


def _describe_recovery(backend: DynamoDBBackend, table_name: str) -> dict[str, Any]:
    """With a window that ends five minutes ago, and begins a recovery period ago at the earliest."""
    response = copy.deepcopy(_RECOVERY(backend, table_name))
    pitr = response["PointInTimeRecoveryDescription"]
    if pitr["PointInTimeRecoveryStatus"] == "ENABLED":
        now, period = CLOCK.now(), pitr["RecoveryPeriodInDays"] * DAY_SECONDS
        pitr["EarliestRestorableDateTime"] = max(float(pitr["EarliestRestorableDateTime"]), now - period)
        pitr["LatestRestorableDateTime"] = latest_restorable(pitr["EarliestRestorableDateTime"], now)
    return dict(response)


def _recovery_period(table: Table) -> int:
    """In seconds."""
    days: int = table.continuous_backups["PointInTimeRecoveryDescription"].get("RecoveryPeriodInDays", 35)
    return days * DAY_SECONDS


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
