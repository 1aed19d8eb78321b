"""Tags. What the target has beside them stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.setting import Change, Pending, Setting


class Tags(Setting):
    name = "tags"
    shown = "tags"
    at = "creation"
    separate = True
    read_by = ("dynamodb:ListTagsOfResource",)
    put_back_by = ("dynamodb:CreateTable", "dynamodb:TagResource")
    impossible = "tags that begin with `aws:` are AWS's own: they are skipped"

    def read(self, ask: Ask, table: TableFacts) -> Pending:
        tags = yield from ask("ListTagsOfResource", lambda cloud: cloud.settings.tags(table.arn))
        return dict(tags)

    def normal(self, answer: Any) -> Any:
        return {key: value for key, value in (answer or {}).items() if not key.startswith("aws:")} or None

    def note(self, answer: Any) -> str:
        own = sum(key.startswith("aws:") for key in answer or {})
        return f"without {own} that begin with `aws:` and are AWS's own" if own else ""

    def at_creation(self, definition: dict[str, Any], aim: Any) -> dict[str, Any]:
        return {**definition, "Tags": [{"Key": key, "Value": value} for key, value in sorted(aim.items())]}

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        left = {key: value for key, value in aim.items() if has.get(key) != value}
        if left:
            yield Change("tags", "TagResource", lambda cloud: cloud.settings.tag(target.arn, left))
