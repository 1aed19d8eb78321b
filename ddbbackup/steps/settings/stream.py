"""The table's stream, turned on after the data, or its consumers would see every restored item as new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.steps.settings.setting import Change, Setting, refuse, update_table


class Stream(Setting):
    name = "stream"
    shown = "stream"
    at = "after the data"
    members = frozenset({"StreamSpecification"})
    put_back_by = ("dynamodb:UpdateTable",)
    impossible = "the target has a stream of another view type; the stream's ARN is always a new one"

    def normal(self, answer: Any) -> Any:
        stream = answer.get("StreamSpecification") or {}
        return stream.get("StreamViewType") if stream.get("StreamEnabled") else None

    def note(self, answer: Any) -> str:
        return "its ARN is new: connect triggers and other consumers again"

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            wish = {"StreamEnabled": True, "StreamViewType": aim}
            yield update_table("stream", target, {"StreamSpecification": wish})
        elif existing != aim:
            hint = f"turn the stream off and on as {aim} yourself; its consumers have to be connected anew"
            raise refuse(
                self, f"the target has a stream of {existing}, the backed-up table one of {aim}", hint
            )
