"""What backups need of a table's point-in-time recovery."""

from __future__ import annotations

from ddbbackup.errors import PitrDisabled


def pitr_is_off(table: str) -> PitrDisabled:
    return PitrDisabled(
        f"point-in-time recovery is off for {table}, and DynamoDB exports only tables that have it on",
        hint=f"turn it on, or say `pitr: enable` for {table} in the plan",
    )
