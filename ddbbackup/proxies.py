"""Proxies that cannot be used, said by name before anything is sent."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import NotSupported

SCHEMES: Final = ("http", "https")


def scheme_of(proxy: str) -> str:
    """In lower case. An address without a scheme is that of an HTTP proxy, as for botocore and curl."""
    scheme, separator, _ = proxy.rpartition("//")
    return (scheme.removesuffix(":").lower() if separator else "") or "http"


def refuse_unsupported(proxy: str) -> None:
    """Raises ``NotSupported`` for any but HTTP proxies. The message hides the address: it may hold a password."""
    scheme = scheme_of(proxy)
    if scheme in SCHEMES:
        return
    kind = "a SOCKS proxy" if scheme.startswith("socks") else f"a proxy with the scheme {scheme[:20]}"
    raise NotSupported(
        f"the environment sets {kind}, which is not supported",
        hint="set HTTPS_PROXY and HTTP_PROXY to the http:// address of an HTTP proxy, or unset them",
    )
