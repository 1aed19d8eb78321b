"""Names in listings with ``encoding-type=url``, for which boto3 asks. moto leaves some of them as they are.

XML cannot contain most control characters, so a listing with one of them would end with HTTP 500.
(S3 API: ListObjects, ListObjectsV2, ListObjectVersions, "EncodingType".)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from moto.core.responses import ActionResult, BaseResponse
from moto.s3.responses import S3Response

_NAMES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "ListObjects": (("Delimiter", "Marker", "NextMarker", "Prefix"), ("CommonPrefixes",)),
    "ListObjectsV2": (("Delimiter", "StartAfter"), ()),
    "ListObjectVersions": (
        ("Delimiter", "KeyMarker", "NextKeyMarker", "Prefix"),
        ("CommonPrefixes", "Versions", "DeleteMarkers"),
    ),
}
"""By operation: the members that moto does not encode, and the lists with keys or prefixes that it does not."""


def install() -> None:
    """Replaces moto's serializer of S3."""
    setattr(S3Response, "serialized", _serialized)  # noqa: B010 - mypy refuses an assignment


def _serialized(self: S3Response, action_result: ActionResult) -> Any:
    result, names = action_result.result, _NAMES.get(str(self.data.get("Action")))
    if names is not None and isinstance(result, dict) and self.querystring.get("encoding-type") == ["url"]:
        action_result = ActionResult(_encoded(result, *names))
    return BaseResponse.serialized(self, action_result)


def _encoded(result: Mapping[str, Any], names: tuple[str, ...], lists: tuple[str, ...]) -> dict[str, Any]:
    encoded: dict[str, Any] = {name: quote(result[name]) for name in names if result.get(name)}
    for name in lists:
        encoded[name] = [_with_encoded_name(each) for each in result.get(name) or ()]
    return {**result, **encoded, "EncodingType": "url"}


def _with_encoded_name(member: Mapping[str, Any]) -> dict[str, Any]:
    return {**member, **{name: quote(member[name]) for name in ("Key", "Prefix") if name in member}}
