"""Point-in-time recovery and its period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting
from ddbbackup.steps.aws_caller import AwsCaller

_DEFAULT_DAYS: Final = 35  # botocore's model: RecoveryPeriodInDays


class Recovery(Setting):
    name = "pitr"
    title = "point-in-time recovery"
    phase = "after the data"
    has_own_api = True
    read_actions = ("dynamodb:DescribeContinuousBackups",)
    write_actions = ("dynamodb:UpdateContinuousBackups",)
    limitations = "the target keeps a longer period: it is left"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        found = await ask(
            "DescribeContinuousBackups", lambda cloud: cloud.settings.continuous_backups(table.name)
        )
        return dict(found)

    def normalize(self, answer: Any) -> Any:
        """By PointInTimeRecoveryStatus: ContinuousBackupsStatus is ENABLED for every table."""
        recovery = (answer or {}).get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            return None
        return recovery.get("RecoveryPeriodInDays") or _DEFAULT_DAYS

    def note(self, answer: Any) -> str:
        return "it reaches back to now, not to before the restore"

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        """A longer period is never shortened: that would forget what can be recovered today."""
        if existing is None or existing < desired:
            yield Change(
                "recovery",
                "UpdateContinuousBackups",
                lambda cloud: cloud.settings.enable_pitr(target.name, desired),
            )
