"""How much of the quota of concurrent exports is in use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from ddbbackup.checks.check import ok, warning
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.check import Check
from ddbbackup.model.numbers import counted
from ddbbackup.ports import EXPORTS_IN_FLIGHT, Cloud, ExportPage
from ddbbackup.steps.aws_caller import AwsCaller, read_pages

_SUBJECT: Final = ("quotas", "exports")
_WARN_FROM: Final = 0.8
_PAGES: Final = 4  # of all tables
_TABLES: Final = 25  # AWS throttles after about twenty ListExports in a row (observed on AWS)


async def check_exports(call_aws: AwsCaller, tables: Sequence[str]) -> Check:
    """Counts the exports of the account in the region that are running, no matter who started them.

    ListExports sorts by table, the newest export first only within one table (DynamoDB API), and keeps exports for 90
    days. Where it has too many pages, only those of ``tables`` are counted, the tables of the plan, or none.
    """
    try:
        running = await _count_all(call_aws)
        if running is not None:
            return _judge(running, f"{running} of {EXPORTS_IN_FLIGHT} exports are running")
        if len(tables) > _TABLES:
            message = (
                "running exports were not counted: ListExports sorts exports by table and shows those of the last 90 "
                "days; there are too many to list them all, and too many tables to list the exports of each"
            )
            return Check(*_SUBJECT, "unknown", message)
        running = sum([await _count_of_table(call_aws, table) for table in tables])
    except DdbBackupError as error:
        return Check(*_SUBJECT, "unknown", error.message, error.hint)
    message = (
        f"running exports of the {counted(len(tables), 'checked table')}: {running}, quota of the account: "
        f"{EXPORTS_IN_FLIGHT}; exports of other tables were not counted, because ListExports sorts exports by table"
    )
    return _judge(running, message)


def _judge(running: int, message: str) -> Check:
    if running < EXPORTS_IN_FLIGHT * _WARN_FROM:
        return ok(*_SUBJECT, message)
    return warning(
        *_SUBJECT,
        f"{message}: at the quota, a backup waits until other exports end",
        "wait until other exports have ended, or request a quota increase from AWS",
    )


async def _count_all(call_aws: AwsCaller) -> int | None:
    """None if there are more pages than are read."""
    running = pages = 0
    async for page in read_pages(
        call_aws, "ListExports", lambda cloud, token: cloud.exports.page(next_token=token)
    ):
        running, pages = running + _running(page), pages + 1
        if page.next_token is not None and pages == _PAGES:
            return None
    return running


async def _count_of_table(call_aws: AwsCaller, table: str) -> int:
    """Of the newest 25 exports: an older one does not run any more."""
    return _running(await call_aws("ListExports", partial(_newest, table=table)))


def _newest(cloud: Cloud, table: str) -> ExportPage:
    return cloud.exports.page(table_arn=cloud.tables.arn(table))


def _running(page: ExportPage) -> int:
    return sum(each.status == "IN_PROGRESS" for each in page.summaries)
