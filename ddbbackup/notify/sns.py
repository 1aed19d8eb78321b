"""An Amazon SNS topic; ``plan``, ``verb`` and ``condition`` are message attributes for filter policies."""

from __future__ import annotations

from typing import Final

from ddbbackup.http_client import DeliveryError
from ddbbackup.notify.body import body
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.safe_text import escape

_SUBJECT_CHARACTERS: Final = 99  # less than 100, without control characters (botocore's model of Publish)
_MESSAGE_BYTES: Final = 200_000  # of 256 KiB, which include the attributes


def deliver(
    notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
) -> None:
    """``seconds`` is not passed on: the SDK has its own timeouts."""
    if transport.topics is None:
        raise DeliveryError("the run ended before it was connected to AWS")
    headline = escape(document.headline)
    text = body(document, _MESSAGE_BYTES - len(headline.encode()) - 2, size=lambda text: len(text.encode()))
    subject = "".join(c if " " <= c <= "~" else "?" for c in headline)[:_SUBJECT_CHARACTERS]
    transport.topics.publish(
        notification.address,
        subject=subject,
        message=f"{headline}\n\n{text}",
        attributes={
            "plan": escape(document.plan),
            "verb": document.verb,
            "condition": document.conditions[0] if document.conditions else "done",
        },
    )
