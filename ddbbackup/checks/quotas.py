"""How much of a quota is in use: exports in flight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from ddbbackup.checks.check import ok, warning
from ddbbackup.clock import Clock
from ddbbackup.model.arn import Arn
from ddbbackup.model.check import Check
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Cloud, ExportPage

_NEARLY: Final = 0.8
_OLD: Final = timedelta(days=2)


def check_exports(cloud: Cloud, clock: Clock) -> Check:
    """Of all exports of account and region, whoever started them (DynamoDB guide: Quotas)."""
    running = 0
    for page in _pages(cloud, clock):
        running += sum(each.status == "IN_PROGRESS" for each in page.summaries)
    said = f"{running} of {EXPORTS_IN_FLIGHT} exports are in flight"
    if running < EXPORTS_IN_FLIGHT * _NEARLY:
        return ok("quotas", "exports", said)
    return warning(
        "quotas",
        "exports",
        f"{said}: a backup waits for free places",
        "let other exports end first, or ask AWS for more",
    )


def _pages(cloud: Cloud, clock: Clock) -> Iterator[ExportPage]:
    """Newest first; ends where exports are so old that none can still run."""
    token: str | None = None
    while True:
        page = cloud.exports.page(next_token=token)
        yield page
        token = page.next_token
        if token is None or (page.summaries and _started(page.summaries[-1].arn) < clock.now() - _OLD):
            return


def _started(export_arn: str) -> datetime:
    """An export's id begins with the milliseconds of its start (observed on AWS); any other is taken as new."""
    arn = Arn.parse_if_arn(export_arn)
    digits = (arn.export_id if arn else None) or ""
    digits = digits.partition("-")[0]
    if not digits.isdecimal() or len(digits) != 14:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(digits) / 1000, UTC)
