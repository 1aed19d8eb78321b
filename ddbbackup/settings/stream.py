"""The table's stream, turned on after the data, or its consumers would see every restored item as new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, refuse, update_table


class Stream(Setting):
    name = "stream"
    title = "stream"
    phase = "after the data"
    describe_fields = frozenset({"StreamSpecification"})
    write_actions = ("dynamodb:UpdateTable",)
    limitations = "the target has a stream of another view type; the stream's ARN is always a new one"

    def normalize(self, answer: Any) -> Any:
        stream = answer.get("StreamSpecification") or {}
        return stream.get("StreamViewType") if stream.get("StreamEnabled") else None

    def note(self, answer: Any) -> str:
        return "its ARN is new: connect triggers and other consumers again"

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            wish = {"StreamEnabled": True, "StreamViewType": desired}
            yield update_table("stream", target, {"StreamSpecification": wish})
        elif existing != desired:
            hint = (
                f"turn the stream off and on as {desired} yourself; its consumers have to be connected anew"
            )
            raise refuse(
                self, f"the target has a stream of {existing}, the backed-up table one of {desired}", hint
            )
