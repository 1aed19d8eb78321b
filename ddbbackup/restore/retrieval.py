"""Archived backups: what to say about them, and asking S3 to make them readable.

S3 keeps the retrieved copies for ``RETRIEVED_DAYS``. An object in INTELLIGENT_TIERING moves back to its frequent
access tier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.catalog.archived import ArchivedObjects
from ddbbackup.errors import ObjectArchived, StillRetrieving
from ddbbackup.model.assessment import Blocker
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.ports import ArchiveTier, ObjectFacts, RetrievalTier
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import FROM_EXPORTS, Permission
from ddbbackup.times import to_iso

log = structlog.get_logger()

RETRIEVED_DAYS: Final = 7

# The longest time that AWS names (S3 guide: Archive retrieval options).
_HOURS: Final[dict[tuple[ArchiveTier, RetrievalTier], int]] = {
    ("GLACIER", "standard"): 5,
    ("GLACIER", "bulk"): 12,
    ("ARCHIVE_ACCESS", "standard"): 5,
    ("ARCHIVE_ACCESS", "bulk"): 12,
    ("DEEP_ARCHIVE", "standard"): 12,
    ("DEEP_ARCHIVE", "bulk"): 48,
    ("DEEP_ARCHIVE_ACCESS", "standard"): 12,
    ("DEEP_ARCHIVE_ACCESS", "bulk"): 48,
}

PERMISSIONS: Final = (
    Permission(
        "s3:RestoreObject", "object", ("restore",), FROM_EXPORTS, note="only for `restore --retrieve`"
    ),
)


def archived_blockers(
    archived: ArchivedObjects, backup: str, *, restore: str, retrieve: RetrievalTier | None, now: datetime
) -> Iterator[Blocker]:
    """Why a backup cannot be restored yet. With ``retrieve``, the run asks S3 first, and then ends with this."""
    if not archived.objects:
        return
    number = len(archived.objects)
    share = f"{grouped(number)} of {counted(archived.total, 'object')} of {backup}"
    if not archived.resting:
        yield Blocker(
            StillRetrieving(
                f"S3 is still retrieving {share}",
                hint="run the same command again later: S3 needs 5 to 12 hours for `standard`, 12 to 48 for `bulk`",
            )
        )
    elif retrieve is None:
        running = f"; S3 is retrieving {len(archived.retrieving)} of them" if archived.retrieving else ""
        yield Blocker(
            ObjectArchived(
                f"{share} {agreeing(number, 'is', 'are')} archived and cannot be read ({archived.tiers}){running}",
                hint=f"run `ddbbackup restore {restore} --retrieve standard` (up to {_hours(archived, 'standard')} "
                f"hours), or with `--retrieve bulk` (cheaper, up to {_hours(archived, 'bulk')} hours)",
            )
        )
    else:
        back = to_iso((now + timedelta(hours=_hours(archived, retrieve))).replace(second=0, microsecond=0))
        yield Blocker(
            StillRetrieving(
                f"S3 is retrieving {share} ({archived.tiers}), which takes until {back} at most",
                hint=f"run the same command again at {back}; S3 keeps the retrieved copies for {RETRIEVED_DAYS} days",
            ),
            after_run=True,
        )


async def retrieve_objects(context: RunContext, archived: ArchivedObjects, tier: RetrievalTier) -> None:
    """Asks S3 for every object that nobody has asked for. Raises ``AccessDenied`` without s3:RestoreObject."""
    await asyncio.gather(*(_retrieve(context, archived, each, tier) for each in archived.resting))
    log.info(
        events.RETRIEVAL_REQUESTED,
        objects=len(archived.resting),
        size_bytes=sum(each.size_bytes for each in archived.resting),
        tier=tier,
    )


async def _retrieve(
    context: RunContext, archived: ArchivedObjects, facts: ObjectFacts, tier: RetrievalTier
) -> None:
    await context.call(
        partial(
            context.source.objects.retrieve,
            archived.bucket,
            facts,
            tier=tier,
            days=RETRIEVED_DAYS,
            owner=archived.owner,
        )
    )


def _hours(archived: ArchivedObjects, tier: RetrievalTier) -> int:
    return max(_HOURS[each.archive.tier, tier] for each in archived.objects if each.archive is not None)
