"""CloudWatch Contributor Insights of the table and of each global secondary index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ddbbackup.model.aws_texts import failure_text
from ddbbackup.model.json_value import Json, JsonObject, as_object, get_object, get_text
from ddbbackup.model.table_description import index_names
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.setting import Change, SettingWithApi, refusal
from ddbbackup.steps.aws_caller import AwsCaller

_TABLE: Final = "table"

Modes = Mapping[str, str | None]
"""By resource: ``table``, or ``index NAME``. None if the response does not include the mode."""


class Insights(SettingWithApi[Modes]):
    name = "insights"
    title = "Contributor Insights"
    phase = "after the data"
    read_actions = ("dynamodb:DescribeContributorInsights",)
    write_actions = ("dynamodb:UpdateContributorInsights",)
    iam_resources = ("table", "index")
    # DynamoDB guide: Contributor Insights, Using IAM. A table with a customer managed key also needs kms:Decrypt.
    actions_by_aws = (("iam:CreateServiceLinkedRole", "insights-role"), ("kms:Decrypt", "target-key-use"))
    limitations = "not applied to an index that the target does not have"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        """The responses by resource."""
        responses: dict[str, Json] = {}
        for index in (None, *index_names(table.description)):
            responses[_resource(index)] = await call_aws(
                "DescribeContributorInsights", _read(table.name, index)
            )
        return responses

    def normalize(self, response: Json) -> Modes | None:
        return {
            resource: get_text(insights, "ContributorInsightsMode")
            for resource, insights in _by_resource(response)
            if _status(insights) in ("ENABLED", "ENABLING")
        } or None

    def changes(self, desired: Modes, existing: Modes | None, target: TableFacts) -> Iterator[Change]:
        indexes = index_names(target.description)
        for index in (None, *indexes):
            resource = _resource(index)
            if resource in desired and not _has_mode(existing or {}, resource, desired[resource]):
                yield _enable(target, index, desired[resource])
        missing = [each for each in desired if each not in {_resource(index) for index in (None, *indexes)}]
        if missing:
            raise refusal(
                self,
                f"the target has no {', '.join(missing)}",
                "add the index, then run the restore again",
            )

    def in_progress(self, desired: Modes, response: Json) -> bool:
        return any(
            resource in desired and _status(insights) == "ENABLING"
            for resource, insights in _by_resource(response)
        )

    def failure(self, desired: Modes, response: Json) -> str | None:
        for resource, insights in _by_resource(response):
            if resource in desired and _status(insights) == "FAILED":
                description = get_text(get_object(insights, "FailureException"), "ExceptionDescription")
                reason = failure_text(description, operation="describe-contributor-insights")
                return f"Contributor Insights of the {resource} failed: {reason or 'AWS gave no reason'}"
        return None


def _by_resource(response: Json) -> Iterator[tuple[str, JsonObject]]:
    for resource, insights in as_object(response).items():
        yield resource, as_object(insights, resource)


def _status(insights: JsonObject) -> str | None:
    return get_text(insights, "ContributorInsightsStatus")


def _has_mode(existing: Modes, resource: str, mode: str | None) -> bool:
    return resource in existing and (mode is None or existing[resource] in (None, mode))


def _resource(index: str | None) -> str:
    return f"index {index}" if index else _TABLE


def _read(name: str, index: str | None) -> Callable[[Cloud], JsonObject]:
    return lambda cloud: cloud.settings.contributor_insights(name, index)


def _enable(target: TableFacts, index: str | None, mode: str | None) -> Change:
    return Change(
        _resource(index),
        "UpdateContributorInsights",
        lambda cloud: cloud.settings.enable_contributor_insights(target.name, index, mode),
    )
