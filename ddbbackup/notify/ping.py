"""A dead man's switch that raises an alarm when pings stay away (Healthchecks docs: Pinging API)."""

from __future__ import annotations

import uuid
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ddbbackup.http_client import HttpClient
from ddbbackup.notify.body import body
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.safe_text import escape

_BODY_BYTES: Final = 100_000  # Healthchecks keeps no more of a body
_STILL_RUNNING: Final = 75


def start(notification: Notification, http: HttpClient, *, run: str) -> None:
    """Raises ``DeliveryError``."""
    _ping(notification, http, "start", run, b"", notification.timeout_seconds)


def deliver(
    notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
) -> None:
    """Sends the exit status, or only a log entry if the check must go on waiting for the end of a backup."""
    suffix = str(document.exit_code) if _is_conclusive(document) else "log"
    headline = f"{escape(document.headline)}\n\n"
    text = body(document, _BODY_BYTES - len(headline.encode()), size=lambda text: len(text.encode()))
    _ping(notification, transport.http, suffix, document.run, f"{headline}{text}".encode(), seconds)


def _is_conclusive(document: RunNotification) -> bool:
    """Whether the run says how a backup ended: not while exports are running, nor if there was nothing to do."""
    if document.exit_code == _STILL_RUNNING:
        return False
    if document.exit_code or document.report is None:
        return True
    statuses = {outcome.status for outcome in document.report.outcomes}
    return bool(statuses) and "started" not in statuses


def _ping(
    notification: Notification, http: HttpClient, suffix: str, run: str, content: bytes, seconds: float
) -> None:
    """``rid``, which must be a UUID, connects the start of a run with its end."""
    parts = urlsplit(notification.address)
    rid = f"rid={uuid.uuid5(uuid.NAMESPACE_URL, f'ddbbackup:{run}')}"
    query = f"{parts.query}&{rid}" if parts.query else rid
    path = f"{parts.path.rstrip('/')}/{suffix}"
    url = urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    http.send("POST", url, content, {"Content-Type": "text/plain; charset=utf-8"}, seconds=seconds)
