"""Point-in-time recovery and its period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.setting import Change, Pending, Setting

_DEFAULT_DAYS: Final = 35  # botocore's model: RecoveryPeriodInDays


class Recovery(Setting):
    name = "pitr"
    shown = "point-in-time recovery"
    at = "after the data"
    separate = True
    read_by = ("dynamodb:DescribeContinuousBackups",)
    put_back_by = ("dynamodb:UpdateContinuousBackups",)
    impossible = "the target keeps a longer period: it is left"

    def read(self, ask: Ask, table: TableFacts) -> Pending:
        found = yield from ask(
            "DescribeContinuousBackups", lambda cloud: cloud.settings.continuous_backups(table.name)
        )
        return dict(found)

    def normal(self, answer: Any) -> Any:
        """By PointInTimeRecoveryStatus: ContinuousBackupsStatus is ENABLED for every table."""
        recovery = (answer or {}).get("PointInTimeRecoveryDescription") or {}
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            return None
        return recovery.get("RecoveryPeriodInDays") or _DEFAULT_DAYS

    def note(self, answer: Any) -> str:
        return "it reaches back to now, not to before the restore"

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        """A longer period is never shortened: that would forget what can be recovered today."""
        if existing is None or existing < aim:
            yield Change(
                "recovery",
                "UpdateContinuousBackups",
                lambda cloud: cloud.settings.enable_recovery(target.name, aim),
            )
