"""Delivers the notifications of a run concurrently, each within its own time limit, and logs the result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.http_client import DeliveryError, HttpClient, run_concurrently
from ddbbackup.notify import ping, slack, sns, webhook
from ddbbackup.notify.channel import Channel, Transport
from ddbbackup.notify.condition import is_due
from ddbbackup.notify.document import run_notification
from ddbbackup.plan.model import Channel as ChannelName
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.run_summary import RunSummary

log = structlog.get_logger()

CHANNELS: Final[Mapping[ChannelName, Channel]] = {
    "ping": ping,
    "slack": slack,
    "sns": sns,
    "webhook": webhook,
}
_HTTP: Final = HttpClient()


def announce(
    notifications: Sequence[Notification], *, verb: str, run: str, http: HttpClient = _HTTP
) -> Callable[[], None]:
    """Sends the start of a run to every ping, in the background.

    Returns a function that waits for these requests: call it before ``deliver``, so that a start never arrives
    after its end. ``wait`` announces nothing: it may find nothing to do, and the run that started the exports has
    been announced.
    """
    pings = [each for each in notifications if each.channel == "ping" and verb in each.verbs and each.address]
    starting = pings if verb != "wait" else []
    errors: list[Exception | None] = []

    def send() -> None:
        tasks = [(each.timeout_seconds, partial(ping.start, each, http, run=run)) for each in starting]
        errors.extend(run_concurrently(tasks))

    thread = threading.Thread(target=send, daemon=True)
    if starting:
        thread.start()

    def settle() -> None:
        if starting:
            thread.join()  # `run_concurrently` bounds the time
        for notification, error in zip(starting, errors, strict=False):
            if error is not None:
                _warn(notification, error)

    return settle


def deliver(
    notifications: Sequence[Notification],
    summary: RunSummary,
    topics: Topics | None,
    *,
    at_most_seconds: float | None = None,
    http: HttpClient = _HTTP,
) -> None:
    """Never raises: the result of a run does not depend on its notifications."""
    due = [each for each in notifications if is_due(each, summary.verb, summary.conditions)]
    for each in due:
        if not each.address:
            reason = "the address is empty: the environment variable in the plan is not set"
            log.warning(
                events.NOTIFICATION_SKIPPED, notification=each.name, channel=each.channel, reason=reason
            )
    due = [each for each in due if each.address]
    document = run_notification(summary)
    transport = Transport(http, topics)
    tasks: list[tuple[float, Callable[[], None]]] = []
    for each in due:
        seconds = min(each.timeout_seconds, at_most_seconds or each.timeout_seconds)
        task = partial(CHANNELS[each.channel].deliver, each, document, transport, seconds=seconds)
        tasks.append((seconds, task))
    for notification, error in zip(due, run_concurrently(tasks), strict=True):
        if error is None:
            log.info(
                events.NOTIFICATION_SENT,
                notification=notification.name,
                channel=notification.channel,
                conditions=sorted(document.conditions),
            )
        else:
            _warn(notification, error)


def _warn(notification: Notification, error: Exception) -> None:
    """Logs only messages of our own: the message of an unknown error might contain the address."""
    known = isinstance(error, DeliveryError | DdbBackupError)
    reason = str(error) if known else f"unexpected error: {type(error).__name__}"
    log.warning(
        events.NOTIFICATION_FAILED,
        notification=notification.name,
        channel=notification.channel,
        reason=reason,
    )
