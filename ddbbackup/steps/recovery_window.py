"""What backups need of a table's point-in-time recovery."""

from __future__ import annotations

from ddbbackup.errors import ExportTimeInvalid, PitrDisabled


def pitr_is_off(table: str) -> PitrDisabled:
    return PitrDisabled(
        f"point-in-time recovery is off for {table}, and DynamoDB exports only tables that have it on",
        hint=f"turn it on, or say `pitr: enable` for {table} in the plan",
    )


def too_young_for_common_time(table: str) -> ExportTimeInvalid:
    """A recovery window begins when it is turned on, which is after any common export time."""
    return ExportTimeInvalid(
        f"point-in-time recovery was off for {table} and the run turns it on, so the table cannot be exported as of "
        "the common export time yet",
        hint="run the backup again in ten minutes",
    )
