"""A dead man's switch: start, exit status, and silence that somebody notices (Healthchecks docs: Pinging API)."""

from __future__ import annotations

import uuid
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ddbbackup.http_client import send
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.run_summary import RunSummary

_BODY_BYTES: Final = 100_000  # what Healthchecks keeps of a body


def start(notification: Notification, *, run: str) -> None:
    _ping(notification, "start", run, b"", notification.timeout_seconds)


def deliver(notification: Notification, news: RunSummary, topics: Topics | None, seconds: float) -> None:
    """The exit status; only a note where a run is not the end of it, so that the check goes on waiting for that."""
    suffix = str(news.exit_code) if news.is_conclusive else "log"
    body = f"{news.headline}\n\n{news.body}".encode()[:_BODY_BYTES]
    _ping(notification, suffix, news.run, body, seconds)


def _ping(notification: Notification, suffix: str, run: str, body: bytes, seconds: float) -> None:
    """``rid`` tells a run's start and end belong together; it has to be a UUID."""
    parts = urlsplit(notification.address)
    rid = f"rid={uuid.uuid5(uuid.NAMESPACE_URL, f'ddbbackup:{run}')}"
    query = f"{parts.query}&{rid}" if parts.query else rid
    path = f"{parts.path.rstrip('/')}/{suffix}"
    url = urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    send("POST", url, body, {"Content-Type": "text/plain; charset=utf-8"}, seconds=seconds)
