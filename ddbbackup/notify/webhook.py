"""Any receiver of JSON: one document by ``schemas/notification.schema.json``."""

from __future__ import annotations

from ddbbackup.notify.news import News
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report import json, standings
from ddbbackup.times import to_iso
from ddbbackup.web import send


def deliver(notification: Notification, news: News, topics: Topics | None, seconds: float) -> None:
    headers = {"Content-Type": "application/json", **notification.headers}
    send("POST", notification.address, document(news).encode(), headers, seconds=seconds)


def document(news: News) -> str:
    return json.document(
        plan=news.plan,
        verb=news.verb,
        run=news.run,
        started_at=to_iso(news.started_at),
        ended_at=to_iso(news.ended_at),
        exit_code=news.exit_code,
        conditions=sorted(news.conditions - {"always"}),
        headline=news.headline,
        report=None if news.report is None else {"format_version": 1, **json.members(news.report)},
        error=None if news.error is None else json.error_of(news.error),
        tables=[standings.fields(standing) for standing in news.tables],
    )
