"""Proxies of the environment that would not work. A library would quote them, password and all, in its error."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from ddbbackup.errors import UsageError

_SERVICES: Final = ("dynamodb", "s3", "sts")
_ESCAPES: Final = {"/": "%2F", "?": "%3F", "#": "%23"}


def check_proxies(endpoint_urls: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Checks the proxies through which these endpoints, and those of AWS, are reached. Raises ``UsageError``."""
    for scheme in sorted(_schemes(endpoint_urls)):
        names = [f"{scheme}_proxy", f"{scheme.upper()}_PROXY"]
        name = next((name for name in names if name in environ), None)
        if name is not None and environ[name]:  # `https_proxy=` turns off HTTPS_PROXY, as in urllib
            _check(name, environ[name])


def _schemes(endpoint_urls: Mapping[str, str]) -> set[str]:
    """The schemes of all requests that do not bypass the proxies (``NO_PROXY``)."""
    parts = [urlsplit(url) for url in endpoint_urls.values()]
    schemes = {each.scheme for each in parts if not urllib.request.proxy_bypass(each.hostname or "")}
    return schemes if set(_SERVICES) <= set(endpoint_urls) else {*schemes, "https"}


def _check(name: str, value: str) -> None:
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", value
    if scheme.lower().startswith("socks"):
        raise _unusable(name, "SOCKS proxies are not supported", "use an http:// proxy")
    if scheme.lower() not in ("http", "https"):
        raise _unusable(name, "its scheme is not http or https", "write http://HOST:PORT")
    user_info, _, host = rest.rpartition("@")
    for character, escape in _ESCAPES.items():
        if character in user_info:
            reason = f"its user name or password contains `{character}`"
            raise _unusable(name, reason, f"write `{escape}` instead of `{character}`")
    try:
        parts = urlsplit(f"//{host}")
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _unusable(name, "its host or port is invalid", "write http://HOST:PORT with a port up to 65535")


def _unusable(name: str, reason: str, hint: str) -> UsageError:
    return UsageError(f"cannot use the proxy in {name}: {reason}", hint=f"{hint} in {name}, or unset it")
