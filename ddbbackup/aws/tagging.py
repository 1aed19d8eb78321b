"""The Resource Groups Tagging API: GetResources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.model.arn import Arn

if TYPE_CHECKING:
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

_PAGE_SIZE: Final = 100  # the maximum of GetResources


class ResourceTags:
    """Implements ``ports.Tagging``; ``client`` makes the client when it is first needed."""

    def __init__(self, client: Callable[[], ResourceGroupsTaggingAPIClient]) -> None:
        self._client = client

    def of_tables(self) -> Mapping[str, Mapping[str, str]]:
        client = self._client()
        tags: dict[str, Mapping[str, str]] = {}
        with translate_errors("read the tags of all tables"):
            pages = client.get_paginator("get_resources").paginate(
                ResourceTypeFilters=["dynamodb:table"], PaginationConfig={"PageSize": _PAGE_SIZE}
            )
            for page in pages:
                for each in page["ResourceTagMappingList"]:
                    name = Arn.parse(each["ResourceARN"]).table_name
                    tags[name] = {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())}
        return tags
