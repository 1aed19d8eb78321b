"""Makes moto's S3 enforce ``x-amz-expected-bucket-owner``, which moto ignores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

_DENIED: Final = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_ORIGINALS: Final = {name: getattr(S3Response, name) for name in ("bucket_response", "key_response")}


def install() -> None:
    """Replaces moto's handlers: a request that expects another owner gets HTTP 403."""
    for name, original in _ORIGINALS.items():
        setattr(S3Response, name, _with_owner_check(original))


def _with_owner_check(original: Callable[..., Any]) -> Callable[..., Any]:
    def respond(self: S3Response, request: Any, full_url: str, headers: Any) -> Any:
        expected = request.headers.get("x-amz-expected-bucket-owner")
        if expected in (None, _owner(full_url)):
            return original(self, request, full_url, headers)
        body = "" if request.method == "HEAD" else _DENIED
        return 403, {"content-type": "application/xml"}, body

    return respond


def _owner(url: str) -> str | None:
    """The account of the bucket in a path-style URL; None if the bucket does not exist."""
    name = unquote(urlsplit(url).path).lstrip("/").partition("/")[0]
    account = s3_backends.bucket_accounts.get(name)
    return account[1] if account else None
