"""A topic of Amazon SNS; ``plan``, ``verb`` and ``condition`` are attributes for filter policies."""

from __future__ import annotations

from typing import Final

from ddbbackup.http_client import Undelivered
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.run_summary import RunSummary

_SUBJECT_CHARACTERS: Final = 100  # and printable ASCII only (botocore's model: Publish)
_MESSAGE_BYTES: Final = 200_000  # of 256 KiB, which attributes count in


def deliver(notification: Notification, news: RunSummary, topics: Topics | None, seconds: float) -> None:
    if topics is None:
        raise Undelivered("the run ended before it was connected to AWS")
    subject = "".join(c if " " <= c <= "~" else "?" for c in news.headline)[:_SUBJECT_CHARACTERS]
    body = f"{news.headline}\n\n{news.body}".encode()[:_MESSAGE_BYTES].decode(errors="ignore")
    told = [each for each in ("failed", "partial", "stale", "recovered") if each in news.conditions]
    topics.publish(
        notification.address,
        subject=subject,
        message=body,
        attributes={"plan": news.plan, "verb": news.verb, "condition": told[0] if told else "done"},
    )
