"""Time to live, turned on after the data: items that have expired vanish again from then on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.setting import Change, Pending, Setting, refuse


class TimeToLive(Setting):
    name = "ttl"
    shown = "TTL"
    at = "after the data"
    separate = True
    read_by = ("dynamodb:DescribeTimeToLive",)
    put_back_by = ("dynamodb:UpdateTimeToLive",)
    impossible = "the target has TTL on another attribute, or its TTL was changed less than an hour ago"

    def read(self, ask: Ask, table: TableFacts) -> Pending:
        found = yield from ask("DescribeTimeToLive", lambda cloud: cloud.settings.time_to_live(table.name))
        return dict(found)

    def normal(self, answer: Any) -> Any:
        on = (answer or {}).get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return answer.get("AttributeName") if on else None

    def note(self, answer: Any) -> str:
        return "items that have expired since will be deleted again"

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            yield Change(
                "attribute",
                "UpdateTimeToLive",
                lambda cloud: cloud.settings.enable_time_to_live(target.name, aim),
            )
        elif existing != aim:
            hint = "turn TTL off, wait an hour, and run again"
            raise refuse(self, f"the target expires items by {existing}, the backed-up table by {aim}", hint)
