"""Time to live, turned on after the data: items that have expired vanish again from then on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, refuse
from ddbbackup.steps.aws_caller import AwsCaller


class TimeToLive(Setting):
    name = "ttl"
    title = "TTL"
    phase = "after the data"
    has_own_api = True
    read_actions = ("dynamodb:DescribeTimeToLive",)
    write_actions = ("dynamodb:UpdateTimeToLive",)
    limitations = "the target has TTL on another attribute, or its TTL was changed less than an hour ago"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        found = await ask("DescribeTimeToLive", lambda cloud: cloud.settings.time_to_live(table.name))
        return dict(found)

    def normalize(self, answer: Any) -> Any:
        on = (answer or {}).get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return answer.get("AttributeName") if on else None

    def note(self, answer: Any) -> str:
        return "items that have expired since will be deleted again"

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            yield Change(
                "attribute",
                "UpdateTimeToLive",
                lambda cloud: cloud.settings.enable_time_to_live(target.name, desired),
            )
        elif existing != desired:
            hint = "turn TTL off, wait an hour, and run again"
            raise refuse(
                self, f"the target expires items by {existing}, the backed-up table by {desired}", hint
            )
