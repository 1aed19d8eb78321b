"""Lets moto's S3 mind ``x-amz-expected-bucket-owner``, as AWS's does: moto ignores it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.responses import S3Response

_DENIED: Final = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_ORIGINALS: Final = {name: getattr(S3Response, name) for name in ("bucket_response", "key_response")}


def install() -> None:
    """From now on every request that expects another owner than the sandbox's account is answered with 403."""
    for name, original in _ORIGINALS.items():
        setattr(S3Response, name, _minding(original))


def _minding(original: Callable[..., Any]) -> Callable[..., Any]:
    def respond(self: S3Response, request: Any, full_url: str, headers: Any) -> Any:
        expected = request.headers.get("x-amz-expected-bucket-owner")
        if expected in (None, DEFAULT_ACCOUNT_ID):
            return original(self, request, full_url, headers)
        body = "" if request.method == "HEAD" else _DENIED
        return 403, {"content-type": "application/xml"}, body

    return respond
