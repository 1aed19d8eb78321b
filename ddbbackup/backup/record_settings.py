"""Records the settings of a table that DescribeTable does not return, while its export runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import ObservedSetting, Record, StoredRecord, settings_document
from ddbbackup.errors import DataIncomplete, DdbBackupError, TableMissing, Throttled, Unreachable
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.permissions import to_read_source
from ddbbackup.settings.read import read_settings
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

log = structlog.get_logger()

_NOTE: Final = "without it, the setting is recorded as unknown; the backup does not fail"
PERMISSIONS: Final = tuple(
    dict.fromkeys(
        Permission(action, on, ("backup",), note=_NOTE)
        for setting in SETTINGS
        for action, on in to_read_source(setting)
    )
)


async def record_settings(
    context: RunContext, stored: StoredRecord
) -> tuple[StoredRecord, Mapping[str, ObservedSetting]]:
    """The record with the settings of its table, and these settings. Reads them unless the record has them.

    The settings are unknown if the table was deleted, or deleted and created again, since its export was started. If
    S3 does not answer, the record is left without them: the export runs on, and ``settings_hash`` keeps them later.
    """
    record, catalog = stored.record, context.catalog
    try:
        recorded = await context.call(catalog.settings, stored)
    except (DataIncomplete, Throttled, Unreachable):
        recorded = None
    if recorded is not None:
        return stored, recorded
    settings = await _read(context, record)
    unknown = [f"{name}: {each.reason}" for name, each in settings.items() if each.state == "unknown"]
    log.info(events.SETTINGS_READ, backup=record.id, unknown=unknown)
    try:
        sha256 = await _keep(context, stored, settings)
        updated = replace(record, settings=sha256)
        return await context.call(lambda: catalog.update(stored, updated)), settings
    except (Throttled, Unreachable):
        return stored, settings


async def settings_hash(
    context: RunContext, stored: StoredRecord, settings: Mapping[str, ObservedSetting]
) -> str:
    """What a record that is completed says of its settings. Keeps their document if that was not possible before."""
    return stored.record.settings or await _keep(context, stored, settings)


async def _keep(context: RunContext, stored: StoredRecord, settings: Mapping[str, ObservedSetting]) -> str:
    return await context.call(context.catalog.keep_document, stored.location, settings_document(settings))


def settings_not_read(settings: Mapping[str, ObservedSetting]) -> dict[str, list[str]]:
    """Facts for the report: settings that exist, but that no restore can apply."""
    not_read = [
        f"{name} ({each.reason})"
        for name, each in settings.items()
        if each.state == "unknown" and each.reason != "unsupported"
    ]
    return {"settings_not_read": not_read} if not_read else {}


async def _read(context: RunContext, record: Record) -> Mapping[str, ObservedSetting]:
    call_aws = AwsCaller(context, context.source)
    try:
        table = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(record.table.name))
    except TableMissing:
        return _unknown("the table was deleted before its settings were read")
    except DdbBackupError as error:
        return _unknown(error.message)
    if table.table_id != record.table.id:
        return _unknown("the table was deleted and created again before its settings were read")
    return await read_settings(call_aws, table)


def _unknown(message: str) -> Mapping[str, ObservedSetting]:
    unknown = ObservedSetting("unknown", reason="not-read", message=message)
    return {setting.name: unknown for setting in SETTINGS if setting.has_own_api}
