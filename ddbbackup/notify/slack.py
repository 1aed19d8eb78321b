"""A Slack-compatible incoming webhook (Slack docs: Sending messages using incoming webhooks)."""

from __future__ import annotations

import json
from typing import Final

from ddbbackup.http_client import send
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.run_summary import RunSummary

_BODY_CHARACTERS: Final = 2900  # a section of Slack holds 3000


def deliver(notification: Notification, news: RunSummary, topics: Topics | None, seconds: float) -> None:
    shown = news.body if len(news.body) <= _BODY_CHARACTERS else news.body[:_BODY_CHARACTERS] + "\n…"
    message = {"text": f"*{_plain(news.headline)}*\n```{_plain(shown)}```"}
    headers = {"Content-Type": "application/json"}
    send("POST", notification.address, json.dumps(message).encode(), headers, seconds=seconds)


def _plain(text: str) -> str:
    """Slack's three control characters, escaped; no text closes the code block."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
