"""HTTP requests to addresses of the plan: limited in time and size, without redirects.

The addresses are secrets (a webhook's URL is its credential), so no error contains one. A user and a password in an
address are sent as a header (RFC 7617), never as a part of the host name.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from ddbbackup import __version__
from ddbbackup.os_errors import os_reason
from ddbbackup.tls_trust import CaBundle, find_ca_bundle, is_untrusted, untrusted_reason

_READ_BYTES: Final = 4096
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0
_CONNECT_SECONDS: Final = 0.1  # the least time that an attempt gets


class DeliveryError(Exception):
    """The receiver did not accept a request. The message contains neither the address nor a secret."""


class Transient(Exception):
    """The request failed for a reason that the next attempt may not meet."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A request and its headers are meant for the plan's address and for no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Sends requests through the proxies of the environment. Tests replace the clock.

    ``ca_bundle`` returns the certificates that receivers are checked with, None for those of Python.
    """

    ca_bundle: Callable[[], CaBundle | None] = lambda: find_ca_bundle(os.environ)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> None:
        """Retries failed connections and the statuses 429 and 5xx until ``seconds`` have passed.

        Raises ``DeliveryError``.
        """
        deadline = self.monotonic() + seconds
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._send_once(method, url, body, headers, seconds=deadline - self.monotonic())
            except Transient as error:
                pause = _PAUSE_SECONDS * 2 ** (attempt - 1)
                if attempt == _ATTEMPTS or self.monotonic() + pause >= deadline:
                    raise DeliveryError(str(error)) from None
                self.sleep(pause)
        raise AssertionError("the loop returns or raises on its last attempt")

    def _send_once(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float
    ) -> None:
        url, authorization = split_credentials(url)
        if any(name.lower() == "authorization" for name in headers):
            authorization = {}
        request = urllib.request.Request(  # noqa: S310 - the first line checks the scheme
            url, body, {"User-Agent": f"ddbbackup/{__version__}", **authorization, **headers}, method=method
        )
        ca_bundle = self.ca_bundle() if url.startswith("https:") else None
        opener = _opener(ca_bundle) if ca_bundle is not None else urllib.request.build_opener(NoRedirects)
        try:
            with opener.open(request, timeout=max(_CONNECT_SECONDS, seconds)) as response:
                response.read(_READ_BYTES)
        except urllib.error.HTTPError as error:
            error.close()
            if 300 <= error.code < 400:
                raise DeliveryError(
                    f"the receiver answered {error.code}; redirects are not followed"
                ) from None
            kind = Transient if error.code == 429 or error.code >= 500 else DeliveryError
            raise kind(f"the receiver answered {error.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if is_untrusted(reason):
                checked_with = ca_bundle or "the certificates of Python"
                raise DeliveryError(
                    f"the certificate of the receiver is not trusted ({untrusted_reason(reason)}); "
                    f"it was checked with {checked_with}"
                ) from None
            raise Transient(f"the receiver did not answer ({type(reason).__name__})") from None


def run_concurrently(tasks: Sequence[tuple[float, Callable[[], None]]]) -> list[Exception | None]:
    """Runs each task in a thread, waits for it at most its number of seconds, and returns what it raised.

    A thread that has not ended by then is abandoned; as a daemon it does not keep the process alive.
    """
    errors: list[Exception | None] = [
        DeliveryError(f"no answer within {seconds:g} s") for seconds, _ in tasks
    ]

    def run(index: int, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - returned to the caller
            errors[index] = error
        else:
            errors[index] = None

    threads = [
        threading.Thread(target=run, args=(index, task), daemon=True) for index, (_, task) in enumerate(tasks)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread, (seconds, _) in zip(threads, tasks, strict=True):
        thread.join(max(0.0, started + seconds - time.monotonic()))
    return list(errors)


def split_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The URL without user and password, and the header that replaces them; no header without a user.

    Raises ``DeliveryError``.
    """
    if not url.startswith(("https://", "http://")):
        raise DeliveryError("the address does not begin with https:// or http://")
    try:
        parts = urlsplit(url)
        user, password, host, port = parts.username, parts.password, parts.hostname, parts.port
    except ValueError:
        raise DeliveryError(
            "the address has no valid host and port; a password in it must be percent-encoded"
        ) from None
    if not host:
        raise DeliveryError("the address has no host")
    if user is None:
        return url, {}
    credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
    location = f"[{host}]" if ":" in host else host
    location += f":{port}" if port is not None else ""
    header = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    return urlunsplit((parts.scheme, location, parts.path, parts.query, parts.fragment)), header


def _opener(ca_bundle: CaBundle | None) -> urllib.request.OpenerDirector:
    """Raises ``DeliveryError`` for certificates that cannot be loaded."""
    try:
        context = ssl.create_default_context(cafile=ca_bundle.path if ca_bundle is not None else None)
    except OSError as error:
        raise DeliveryError(f"could not load the certificates of {ca_bundle}: {os_reason(error)}") from None
    return urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))
