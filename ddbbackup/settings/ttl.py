"""Time to live (TTL). It is enabled after the data; DynamoDB then deletes restored items that have expired."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.model.json_value import Json, as_object, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, SettingWithApi, refusal
from ddbbackup.steps.aws_caller import AwsCaller


class TimeToLive(SettingWithApi[str]):
    """The normal form is the name of the attribute."""

    name = "ttl"
    title = "TTL"
    phase = "after the data"
    read_actions = ("dynamodb:DescribeTimeToLive",)
    write_actions = ("dynamodb:UpdateTimeToLive",)
    # Of a global table, in every region with a replica (DynamoDB guide: DynamoDB global tables security).
    actions_by_aws = (("dynamodb:UpdateTimeToLive", "replica"),)
    limitations = "not applied if the target has TTL on another attribute; AWS allows one change per hour"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        return await call_aws("DescribeTimeToLive", lambda cloud: cloud.settings.time_to_live(table.name))

    def normalize(self, response: Json) -> str | None:
        ttl = as_object(response)
        is_enabled = get_text(ttl, "TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return get_text(ttl, "AttributeName") if is_enabled else None

    def note(self, response: Json) -> str:
        return "DynamoDB deletes items that have expired since the backup"

    def changes(self, desired: str, existing: str | None, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            yield Change(
                "attribute",
                "UpdateTimeToLive",
                lambda cloud: cloud.settings.enable_time_to_live(target.name, desired),
            )
        elif existing != desired:
            raise refusal(
                self,
                f"the target has TTL on attribute {existing}, the backed-up table had it on {desired}",
                "disable TTL of the target, wait one hour, then run the restore again",
            )
