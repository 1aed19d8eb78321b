"""A Slack-compatible incoming webhook (Slack docs: Sending messages using incoming webhooks)."""

from __future__ import annotations

import json
from typing import Final

from ddbbackup.notify.body import body
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.safe_text import escape

_BODY_CHARACTERS: Final = 2700  # a section of a Slack message holds 3000, with the headline


def deliver(
    notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
) -> None:
    text = body(document, _BODY_CHARACTERS, size=lambda text: len(_escape(text)))
    message = {"text": f"*{_escape(escape(document.headline))}*\n```{_escape(text)}```"}
    headers = {"Content-Type": "application/json"}
    transport.http.send("POST", notification.address, json.dumps(message).encode(), headers, seconds=seconds)


def _escape(text: str) -> str:
    """Escapes Slack's three control characters, and backticks that would end the code block."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
