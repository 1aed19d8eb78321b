"""One HTTP request to an address of the plan: bounded in time and size, followed nowhere, never named in an error."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

from ddbbackup import __version__

_READ_BYTES: Final = 4096
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.5


class Undelivered(Exception):
    """Why a request did not reach its receiver, in words that hold neither address nor secret."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere: what is sent is meant for the plan's address and for no other."""


def send(method: str, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> None:
    """Tries again where that may help (no connection, 429, 5xx) until ``seconds`` are over.

    Raises ``Undelivered``. Proxies of the environment are used, as everywhere.
    """
    deadline = time.monotonic() + seconds
    for tried in range(1, _TRIES + 1):
        try:
            return _send_once(method, url, body, headers, deadline - time.monotonic())
        except _Passing as passing:
            pause = _PAUSE_SECONDS * 2**tried
            if tried == _TRIES or time.monotonic() + pause >= deadline:
                raise Undelivered(str(passing)) from None
            time.sleep(pause)
    raise AssertionError("the loop returns or raises at its last try")


def within(seconds: float, work: Callable[[], None]) -> Exception | None:
    """Does the work, and waits for it no longer than that, whatever it does. Returns what it raised."""
    return run_concurrently([(seconds, work)])[0]


def run_concurrently(works: list[tuple[float, Callable[[], None]]]) -> list[Exception | None]:
    """The same for several at a time. A thread that does not end is left behind; it keeps no process alive."""
    errors: list[Exception | None] = [Undelivered(f"no answer within {seconds:g} s") for seconds, _ in works]

    def do(number: int, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told to the caller, who decides
            errors[number] = error
        else:
            errors[number] = None

    threads = [
        threading.Thread(target=do, args=(number, work), daemon=True)
        for number, (_, work) in enumerate(works)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread, (seconds, _) in zip(threads, works, strict=True):
        thread.join(max(0.0, begun + seconds - time.monotonic()))
    return list(errors)


class _Passing(Exception):
    """What may be over at the next try."""


def _send_once(method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> None:
    if not url.startswith(("https://", "http://")):
        raise Undelivered("the address is neither https:// nor http://")
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url, body, {"User-Agent": f"ddbbackup/{__version__}", **headers}, method=method
    )
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(request, timeout=max(0.1, seconds)) as answer:
            answer.read(_READ_BYTES)
    except urllib.error.HTTPError as error:
        error.close()
        if 300 <= error.code < 400:
            raise Undelivered(f"it answered {error.code}: redirects are not followed") from None
        kind = _Passing if error.code == 429 or error.code >= 500 else Undelivered
        raise kind(f"it answered {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise _Passing(f"it did not answer ({type(reason).__name__})") from None
