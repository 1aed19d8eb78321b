"""CloudWatch Contributor Insights of the table and of each global secondary index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ddbbackup.ports import Cloud, Members, TableFacts
from ddbbackup.settings.setting import Change, Setting, index_names, refuse
from ddbbackup.steps.aws_caller import AwsCaller

_TABLE: Final = "table"


class Insights(Setting):
    name = "insights"
    title = "Contributor Insights"
    phase = "after the data"
    has_own_api = True
    read_actions = ("dynamodb:DescribeContributorInsights",)
    write_actions = ("dynamodb:UpdateContributorInsights",)
    parts = ("table", "index")
    limitations = "the target lacks the index"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        """By place: ``table``, or ``index NAME``."""
        found = {}
        for index in (None, *index_names(table.description)):
            said = await ask("DescribeContributorInsights", _read(table.name, index))
            found[_place(index)] = dict(said)
        return found

    def normalize(self, answer: Any) -> Any:
        """Mode by place, None where it is not told."""
        return {
            place: said.get("ContributorInsightsMode")
            for place, said in (answer or {}).items()
            if said.get("ContributorInsightsStatus") in ("ENABLED", "ENABLING")
        } or None

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        for index in (None, *index_names(target.description)):
            place = _place(index)
            if place in desired and not _has(existing or {}, place, desired[place]):
                yield _enable(target, index, desired[place])
        missing = [
            p
            for p in desired
            if p != _TABLE and p.removeprefix("index ") not in index_names(target.description)
        ]
        if missing:
            raise refuse(self, f"the target has no {', '.join(missing)}", "add the index, then run again")

    def in_progress(self, desired: Any, answer: Any) -> bool:
        said = (answer or {}).items()
        return any(place in desired and e.get("ContributorInsightsStatus") == "ENABLING" for place, e in said)

    def failure(self, desired: Any, answer: Any) -> str | None:
        for place, said in (answer or {}).items():
            if place in desired and said.get("ContributorInsightsStatus") == "FAILED":
                why = (said.get("FailureException") or {}).get("ExceptionDescription") or "AWS gave no reason"
                return f"Contributor Insights of the {place} ended as FAILED ({why})"
        return None


def _has(existing: Mapping[str, str | None], place: str, mode: str | None) -> bool:
    return place in existing and (mode is None or existing[place] in (None, mode))


def _place(index: str | None) -> str:
    return f"index {index}" if index else _TABLE


def _read(name: str, index: str | None) -> Callable[[Cloud], Members]:
    return lambda cloud: cloud.settings.contributor_insights(name, index)


def _enable(target: TableFacts, index: str | None, mode: str | None) -> Change:
    return Change(
        _place(index),
        "UpdateContributorInsights",
        lambda cloud: cloud.settings.enable_contributor_insights(target.name, index, mode),
    )
