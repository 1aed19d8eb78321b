"""How much of the quota of concurrent exports is in use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from ddbbackup.checks.check import ok, warning
from ddbbackup.clock import Clock
from ddbbackup.model.arn import Arn
from ddbbackup.model.check import Check
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Cloud, ExportPage
from ddbbackup.steps.aws_caller import endless_list

_WARN_FROM: Final = 0.8
_MAX_AGE: Final = timedelta(days=2)  # no export is known to run longer


def check_exports(cloud: Cloud, clock: Clock) -> Check:
    """Counts the exports of the account in the region, no matter who started them (DynamoDB guide: Quotas)."""
    running = sum(
        each.status == "IN_PROGRESS" for page in _recent_pages(cloud, clock) for each in page.summaries
    )
    message = f"{running} of {EXPORTS_IN_FLIGHT} exports are running"
    if running < EXPORTS_IN_FLIGHT * _WARN_FROM:
        return ok("quotas", "exports", message)
    return warning(
        "quotas",
        "exports",
        f"{message}: at the quota, a backup waits until other exports end",
        "wait until other exports have ended, or request a quota increase from AWS",
    )


def _recent_pages(cloud: Cloud, clock: Clock) -> Iterator[ExportPage]:
    """Newest first, up to the first page with exports that are too old to run. Raises ``Unreachable``."""
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = cloud.exports.page(next_token=token)
        yield page
        token = page.next_token
        if token is None or (page.summaries and _started(page.summaries[-1].arn) < clock.now() - _MAX_AGE):
            return
        if token in seen:
            raise endless_list("ListExports")
        seen.add(token)


def _started(export_arn: str) -> datetime:
    """The ID of an export begins with its start in milliseconds (observed on AWS). Any other ID counts as new."""
    arn = Arn.parse_if_arn(export_arn)
    digits = ((arn.export_id if arn is not None else None) or "").partition("-")[0]
    if not digits.isdecimal() or len(digits) != 14:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(digits) / 1000, UTC)
