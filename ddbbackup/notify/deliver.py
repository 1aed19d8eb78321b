"""Sends what is due, all at once, each within its own time; says in the log what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.http_client import Undelivered, run_concurrently
from ddbbackup.notify import ping, slack, sns, webhook
from ddbbackup.notify.condition import is_due
from ddbbackup.plan.model import Channel, Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.run_summary import RunSummary

log = structlog.get_logger()

Deliver = Callable[[Notification, RunSummary, Topics | None, float], None]
CHANNELS: Final[Mapping[Channel, Deliver]] = {
    "ping": ping.deliver,
    "slack": slack.deliver,
    "sns": sns.deliver,
    "webhook": webhook.deliver,
}


def announce(notifications: Sequence[Notification], *, verb: str, run: str) -> Callable[[], None]:
    """Tells every ping that a run starts. Returns what waits until that is said, so that the end comes after.

    Not for ``wait``, which may find nothing to do: what it takes up was announced by the run that started it.
    """
    pings = [each for each in notifications if each.channel == "ping" and verb in each.verbs and each.address]
    started = pings if verb != "wait" else []
    errors: list[Exception | None] = []

    def tell() -> None:
        errors.extend(
            run_concurrently([(each.timeout_seconds, partial(ping.start, each, run=run)) for each in started])
        )

    thread = threading.Thread(target=tell, daemon=True)
    if started:
        thread.start()

    def settle() -> None:
        if started:
            thread.join()  # it ends by itself: `at_once` waits for nothing longer than its time
        for notification, error in zip(started, errors, strict=False):
            if error is not None:
                _warn(notification, error)

    return settle


def deliver(
    notifications: Sequence[Notification],
    news: RunSummary,
    topics: Topics | None,
    *,
    at_most_seconds: float | None = None,
) -> None:
    """Never raises: a run's outcome does not depend on who could be told of it."""
    due = [each for each in notifications if is_due(each, news.verb, news.conditions)]
    for each in due:
        if not each.address:
            reason = "its address is empty: the variable that the plan names is not set here"
            log.warning(
                events.NOTIFICATION_SKIPPED, notification=each.name, channel=each.channel, reason=reason
            )
    due = [each for each in due if each.address]
    works: list[tuple[float, Callable[[], None]]] = []
    for each in due:
        seconds = min(each.timeout_seconds, at_most_seconds or each.timeout_seconds)
        works.append((seconds, partial(CHANNELS[each.channel], each, news, topics, seconds)))
    for notification, error in zip(due, run_concurrently(works), strict=True):
        if error is None:
            told = sorted(news.conditions - {"always"})
            log.info(
                events.NOTIFICATION_SENT,
                notification=notification.name,
                channel=notification.channel,
                conditions=told,
            )
        else:
            _warn(notification, error)


def _warn(notification: Notification, error: Exception) -> None:
    """Only words of ours: an unknown error's own might hold the address."""
    known = isinstance(error, Undelivered | DdbBackupError)
    reason = str(error) if known else f"it met an error that ddbbackup does not know: {type(error).__name__}"
    log.warning(
        events.NOTIFICATION_FAILED,
        notification=notification.name,
        channel=notification.channel,
        reason=reason,
    )
