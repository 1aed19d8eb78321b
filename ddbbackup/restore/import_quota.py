"""The quotas of imports, looked at before one is started: AWS itself refuses only the request, or fails the job.

Source: DynamoDB guide, Quotas. The number of objects of one import is known earlier: ``blockers.FILES_PER_JOB``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported
from ddbbackup.model.assessment import Blocker
from ddbbackup.ports import ImportSummary, Objects
from ddbbackup.restore import blockers
from ddbbackup.restore.method import RestoreJob
from ddbbackup.steps.aws_caller import AwsCaller, read_pages
from ddbbackup.steps.permissions import IMPORTS, Permission

PERMISSIONS: Final = (
    Permission(
        "dynamodb:ListImports",
        "target-everything",
        ("restore", "read"),
        IMPORTS,
        note="without it, the quotas of imports are not looked at before",
    ),
)
IMPORTS_AT_A_TIME: Final = 50
_TERABYTE: Final = 1024**4  # units of quotas are binary
_LARGE_REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1")
_RUNNING: Final = ("IN_PROGRESS", "CANCELLING")


@dataclass(frozen=True, slots=True)
class RunningImports:
    """Those in the account and Region of the target. ``size_bytes`` is that of the sources that can be listed."""

    count: int = 0
    size_bytes: int = 0


def quota_bytes(region: str) -> int:
    """How many bytes of objects all running imports may read together."""
    return (15 if region in _LARGE_REGIONS else 1) * _TERABYTE


def quota_blockers(running: RunningImports, size_bytes: int, region: str) -> list[Blocker]:
    """What keeps an import of ``size_bytes`` of objects from starting now. Pure."""
    found: list[Blocker] = []
    if running.count >= IMPORTS_AT_A_TIME:
        found.append(blockers.too_many_imports(running.count, region))
    if running.size_bytes + size_bytes > (quota := quota_bytes(region)):
        found.append(blockers.too_large_for_imports(size_bytes, running.size_bytes, quota, region))
    return found


async def find_quota_blockers(job: RestoreJob) -> Sequence[Blocker]:
    """Nothing if the caller may not list imports."""
    try:
        running = await _running_imports(job)
    except (AccessDenied, NotSupported):
        return ()
    return quota_blockers(running, job.files.size_bytes, job.cloud.identity.region)


async def _running_imports(job: RestoreJob) -> RunningImports:
    running: list[ImportSummary] = []
    pages = read_pages(
        AwsCaller(job.context, job.cloud),
        "ListImports",
        lambda cloud, token: cloud.imports.page(next_token=token),
    )
    async for page in pages:
        running += (each for each in page.summaries if each.status in _RUNNING)
    size_bytes = await job.context.call(_size_bytes, running, job.context.source.objects) if running else 0
    return RunningImports(len(running), size_bytes)


def _size_bytes(imports: Iterable[ImportSummary], objects: Objects) -> int:
    """Of the objects that the imports read, as far as they can be listed. Blocking."""
    total = 0
    for each in imports:
        try:
            listed = objects.keys(each.bucket, each.prefix, owner=each.bucket_owner)
            total += sum(found.size_bytes for found in listed)
        except DdbBackupError:
            continue  # another bucket, which this restore has nothing to do with
    return total
