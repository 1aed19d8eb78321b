"""The pages of a list. A list that repeats a token has no end, and one that is cut has no token for the rest.

botocore notices only a token that is repeated at once, and takes the second for the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ddbbackup.aws.response_shape import UnusableResponse

_TOKENS: Final = (
    "NextToken",
    "NextContinuationToken",
    "NextUploadIdMarker",  # of ListMultipartUploads, where one key may have several uploads
    "LastEvaluatedTableName",
    "LastEvaluatedKey",
    "LastEvaluatedBackupArn",
)


def pages_of(client: Any, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """All pages of an operation for which botocore has a paginator. Raises ``UnusableResponse``, and the SDK's."""
    check = PageCheck(operation)
    for page in client.get_paginator(operation).paginate(**parameters):
        check(page)
        yield page


class PageCheck:
    """Call it with every page: raises ``UnusableResponse`` for one that leads to no end, or not to the whole list."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._seen: set[str] = set()

    def __call__(self, page: Mapping[str, Any]) -> None:
        token = next((repr(page[name]) for name in _TOKENS if page.get(name)), None)
        if token is None:
            if page.get("IsTruncated"):
                raise UnusableResponse(
                    operation=self._operation, reason="is truncated, but names no next page"
                )
            return
        if token in self._seen:
            reason = "repeats a page token, so its list has no end"
            raise UnusableResponse(operation=self._operation, reason=reason)
        self._seen.add(token)
