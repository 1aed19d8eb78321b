"""Any receiver of JSON: one document by ``schemas/notification.schema.json``."""

from __future__ import annotations

from ddbbackup.http_client import send
from ddbbackup.plan.model import Notification
from ddbbackup.ports.topics import Topics
from ddbbackup.report.documents import status as table_statuses
from ddbbackup.report.renderers import json_documents as json
from ddbbackup.report.run_summary import RunSummary
from ddbbackup.times import to_iso


def deliver(notification: Notification, news: RunSummary, topics: Topics | None, seconds: float) -> None:
    headers = {"Content-Type": "application/json", **notification.headers}
    send("POST", notification.address, document(news).encode(), headers, seconds=seconds)


def document(news: RunSummary) -> str:
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
        tables=[table_statuses.fields(standing) for standing in news.tables],
    )
