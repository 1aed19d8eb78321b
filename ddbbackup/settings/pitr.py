"""Point-in-time recovery and its recovery period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.model.json_value import Json, as_object, get_integer, get_object, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, SettingWithApi
from ddbbackup.steps.aws_caller import AwsCaller

_DEFAULT_DAYS: Final = 35  # botocore's model: RecoveryPeriodInDays


class PointInTimeRecovery(SettingWithApi[int]):
    """The normal form is the recovery period in days."""

    name = "pitr"
    title = "point-in-time recovery"
    phase = "after the data"
    read_actions = ("dynamodb:DescribeContinuousBackups",)
    write_actions = ("dynamodb:UpdateContinuousBackups",)
    limitations = "a longer recovery period of the target is kept"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        return await call_aws(
            "DescribeContinuousBackups", lambda cloud: cloud.settings.continuous_backups(table.name)
        )

    def normalize(self, response: Json) -> int | None:
        """By PointInTimeRecoveryStatus: ContinuousBackupsStatus is ENABLED for every table."""
        recovery = get_object(as_object(response), "PointInTimeRecoveryDescription")
        if get_text(recovery, "PointInTimeRecoveryStatus") != "ENABLED":
            return None
        return get_integer(recovery, "RecoveryPeriodInDays") or _DEFAULT_DAYS

    def note(self, response: Json) -> str:
        return "the recovery window begins now, not before the restore"

    def changes(self, desired: int, existing: int | None, target: TableFacts) -> Iterator[Change]:
        """Never shortens the period: that would discard restore points that exist today."""
        if existing is None or existing < desired:
            yield Change(
                "recovery",
                "UpdateContinuousBackups",
                lambda cloud: cloud.settings.enable_pitr(target.name, desired),
            )
