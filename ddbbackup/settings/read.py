"""Reading every setting of a table beside DescribeTable. It never fails: what cannot be read is unknown then."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import ObservedSetting, Record, StoredRecord
from ddbbackup.catalog.observed_setting import Reason
from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported, TableMissing, Throttled, Unreachable
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.permissions import to_record
from ddbbackup.settings.setting import Setting, SettingsSnapshot
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()

PERMISSIONS: Final = to_record()

_REASONS: Final[tuple[tuple[type[DdbBackupError], Reason], ...]] = (
    (AccessDenied, "denied"),
    (NotSupported, "unsupported"),
    (Throttled, "throttled"),
    (Unreachable, "unreachable"),
)


async def record_settings(context: RunContext, stored: StoredRecord) -> StoredRecord:
    """The ``StoredRecord`` with the table's settings in it; as it was if they are in it already.

    A table that was deleted or made anew since its export was started has other settings, or none: they are
    unknown then.
    """
    record = stored.record
    if record.settings is not None:
        return stored
    ask = AwsCaller(context, context.source)
    try:
        table = await ask("DescribeTable", lambda cloud: cloud.tables.describe(record.table.name))
        same = table.table_id == record.table.id
        readings = (await read_settings(ask, table)) if same else _unread("the table was made anew")
    except TableMissing:
        readings = _unread("the table was deleted before its settings were read")
    except DdbBackupError as error:
        readings = _unread(error.message)
    unknown = {name: reading for name, reading in readings.items() if reading.state == "unknown"}
    log.info(
        events.SETTINGS_READ,
        backup=record.id,
        unknown=[f"{name}: {reading.reason}" for name, reading in unknown.items()],
    )
    updated = replace(record, settings=readings)
    try:
        return await context.call(lambda: context.catalog.update(stored, updated))
    except (Throttled, Unreachable):
        return replace(stored, record=updated)  # written with the record's completion


def settings_not_read(record: Record) -> dict[str, list[str]]:
    """For the report: what no restore can put back. What the endpoint does not know is nothing lost."""
    unknown = {n: r for n, r in (record.settings or {}).items() if r.state == "unknown"}
    told = [f"{name} ({each.reason})" for name, each in unknown.items() if each.reason != "unsupported"]
    return {"settings_not_read": told} if told else {}


async def read_settings(
    ask: AwsCaller, table: TableFacts, *, only: Container[str] | None = None
) -> dict[str, ObservedSetting]:
    """Readings by name, of all settings that DescribeTable does not say, or of some."""
    found: dict[str, ObservedSetting] = {}
    for setting in SETTINGS:
        if setting.has_own_api and (only is None or setting.name in only):
            found[setting.name] = await read_setting(ask, setting, table)
    return found


async def read_setting(ask: AwsCaller, setting: Setting, table: TableFacts) -> ObservedSetting:
    """One ``ObservedSetting``, with AWS's answer as it came.

    A service beside DynamoDB that did not answer is not asked again in this run: without a way to it, as in a
    subnet that has endpoints for DynamoDB and S3 only, each try would take some twenty seconds.
    """
    service = setting.read_actions[-1].partition(":")[0]
    try:
        if service in ask.context.rate_limits.unreachable:
            raise ask.context.rate_limits.unreachable[service]
        answer = await setting.read(ask, table)
        on = answer is not None and _is_on(setting, table, answer)
    except DdbBackupError as error:
        if isinstance(error, Unreachable) and service != "dynamodb":
            ask.context.rate_limits.unreachable[service] = error
        return ObservedSetting("unknown", reason=_reason(error), message=error.message)
    except Exception as error:  # noqa: BLE001 - what AWS may answer one day must not cost a backup
        what = f"the answer of {setting.read_actions[-1]} could not be understood ({type(error).__name__})"
        return ObservedSetting("unknown", reason="failed", message=what)
    return ObservedSetting("present" if on else "absent", answer)


def _is_on(setting: Setting, table: TableFacts, answer: Any) -> bool:
    known = SettingsSnapshot(table.description, {setting.name: ObservedSetting("present", answer)})
    return setting.reading(known).state == "present"


def _reason(error: DdbBackupError) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "failed")


def _unread(message: str) -> Mapping[str, ObservedSetting]:
    unknown = ObservedSetting("unknown", reason="not-read", message=message)
    return {setting.name: unknown for setting in SETTINGS if setting.has_own_api}
