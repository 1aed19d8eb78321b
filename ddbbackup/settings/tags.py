"""Tags. What the target has beside them stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting
from ddbbackup.steps.aws_caller import AwsCaller


class Tags(Setting):
    name = "tags"
    title = "tags"
    phase = "creation"
    has_own_api = True
    read_actions = ("dynamodb:ListTagsOfResource",)
    write_actions = ("dynamodb:CreateTable", "dynamodb:TagResource")
    limitations = "tags that begin with `aws:` are AWS's own: they are skipped"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        tags = await ask("ListTagsOfResource", lambda cloud: cloud.settings.tags(table.arn))
        return dict(tags)

    def normalize(self, answer: Any) -> Any:
        return {key: value for key, value in (answer or {}).items() if not key.startswith("aws:")} or None

    def note(self, answer: Any) -> str:
        own = sum(key.startswith("aws:") for key in answer or {})
        return f"without {own} that begin with `aws:` and are AWS's own" if own else ""

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        return {
            **definition,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(desired.items())],
        }

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        left = {key: value for key, value in desired.items() if has.get(key) != value}
        if left:
            yield Change("tags", "TagResource", lambda cloud: cloud.settings.tag(target.arn, left))
