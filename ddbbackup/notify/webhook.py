"""A receiver of JSON: one document as ``schemas/notification.schema.json`` describes it."""

from __future__ import annotations

from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.renderers import render


def deliver(
    notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
) -> None:
    headers = {"Content-Type": "application/json", **notification.headers}
    body = render(document, "json").encode()
    transport.http.send("POST", notification.address, body, headers, seconds=seconds)
