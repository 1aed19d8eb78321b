"""An Amazon SNS topic; ``plan``, ``verb`` and ``condition`` are message attributes for filter policies."""

from __future__ import annotations

from typing import Final

from ddbbackup.http_client import DeliveryError
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.renderers import render
from ddbbackup.safe_text import escape

_SUBJECT_CHARACTERS: Final = 100  # and printable ASCII only (botocore's model of Publish)
_MESSAGE_BYTES: Final = 200_000  # of 256 KiB, which include the attributes


def deliver(
    notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
) -> None:
    """``seconds`` is not passed on: the SDK has its own timeouts."""
    if transport.topics is None:
        raise DeliveryError("the run ended before it was connected to AWS")
    headline, text = escape(document.headline), render(document, "text")
    subject = "".join(c if " " <= c <= "~" else "?" for c in headline)[:_SUBJECT_CHARACTERS]
    body = f"{headline}\n\n{text}".encode()[:_MESSAGE_BYTES]
    transport.topics.publish(
        notification.address,
        subject=subject,
        message=body.decode(errors="ignore"),
        attributes={
            "plan": escape(document.plan),
            "verb": document.verb,
            "condition": document.conditions[0] if document.conditions else "done",
        },
    )
