"""Tags. Tags of the target that the backed-up table did not have are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ddbbackup.model.json_value import Json, JsonObject, as_object
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, SettingWithApi
from ddbbackup.steps.aws_caller import AwsCaller

Pairs = Mapping[str, str]


class Tags(SettingWithApi[Pairs]):
    name = "tags"
    title = "tags"
    phase = "creation"
    read_actions = ("dynamodb:ListTagsOfResource",)
    write_actions = ("dynamodb:CreateTable", "dynamodb:TagResource")
    limitations = "tags that begin with `aws:` are reserved for AWS and not copied"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        return await call_aws("ListTagsOfResource", lambda cloud: cloud.settings.tags(table.arn))

    def normalize(self, response: Json) -> Pairs | None:
        tags = as_object(response)
        return {key: str(value) for key, value in tags.items() if not key.startswith("aws:")} or None

    def note(self, response: Json) -> str:
        reserved = sum(key.startswith("aws:") for key in as_object(response))
        if not reserved:
            return ""
        return f"without {reserved} {'tag' if reserved == 1 else 'tags'} reserved for AWS (`aws:`)"

    def add_to_creation(self, definition: JsonObject, desired: Pairs) -> JsonObject:
        return {
            **definition,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(desired.items())],
        }

    def changes(self, desired: Pairs, existing: Pairs | None, target: TableFacts) -> Iterator[Change]:
        current = existing or {}
        missing = {key: value for key, value in desired.items() if current.get(key) != value}
        if missing:
            yield Change("tags", "TagResource", lambda cloud: cloud.settings.tag(target.arn, missing))
