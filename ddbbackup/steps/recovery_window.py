"""Errors about point-in-time recovery, which exports require."""

from __future__ import annotations

from ddbbackup.errors import ExportTimeInvalid, PitrDisabled


def pitr_disabled(table: str) -> PitrDisabled:
    return PitrDisabled(
        f"point-in-time recovery is disabled for {table}, so DynamoDB cannot export it",
        hint=f"enable point-in-time recovery for {table}, or set `pitr: enable` in its table entry",
    )


def pitr_enabled_after_common_time(table: str) -> ExportTimeInvalid:
    """The recovery window begins when recovery is enabled, which is after any common export time."""
    return ExportTimeInvalid(
        f"point-in-time recovery was disabled for {table} until this run enabled it, so the table cannot be exported "
        "at the common export time",
        hint="run the backup again in ten minutes",
    )
