"""An on-demand backup of DynamoDB as the source of a restore, described by its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ddbbackup.catalog import ObservedSetting
from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import JsonObject
from ddbbackup.plan.restore_from import Origin


def restore_command(table: str, backup: str) -> str:
    """For hints where only data files are of use: what can be done with an on-demand backup."""
    return f"`ddbbackup restore --table {table} --from {backup} --to {table}-restored --method snapshot`"


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """``label`` names it for people; ``table_arn`` is the table that was backed up.

    ``description`` is the recorded DescribeTable. ``settings`` are those of the table then, None if they were not
    recorded. ``origin`` is the account and Region of its record, if they are not those that the plan runs in.
    ``passed_over`` says which newer backups cannot be restored.
    """

    label: str
    snapshot_arn: str
    table_arn: str
    description: JsonObject
    settings: Mapping[str, ObservedSetting] | None
    passed_over: tuple[str, ...] = ()
    origin: Origin | None = None

    @property
    def account(self) -> str:
        return Arn.parse(self.snapshot_arn).account

    @property
    def region(self) -> str:
        return Arn.parse(self.snapshot_arn).region
