"""A notification channel: how a document reaches its receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ddbbackup.http_client import HttpClient
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.documents.notification import RunNotification


@dataclass(frozen=True, slots=True)
class Transport:
    """``topics`` is None if the run ended before it was connected to AWS."""

    http: HttpClient
    topics: Topics | None


class Channel(Protocol):
    """A module of this package."""

    def deliver(
        self, notification: Notification, document: RunNotification, transport: Transport, *, seconds: float
    ) -> None:
        """Raises ``DeliveryError`` or ``DdbBackupError``."""
