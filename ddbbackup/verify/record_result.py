"""What a verification found goes into the record of the backup, where `list`, `status` and restores find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.errors import AccessDenied
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import KMS_KEY, Permission
from ddbbackup.steps.verification import LEVELS

PERMISSIONS: Final = (
    Permission(
        "s3:PutObject", "any-record", ("verify",), note="without it, results are reported, but not recorded"
    ),
    Permission("kms:GenerateDataKey", "key", ("verify",), KMS_KEY, for_aws=True, note="for `s3:PutObject`"),
)
_MERGES_AT_MOST: Final = 5

Merge = Callable[[RecordedVerification | None], RecordedVerification | None]


async def record_result(
    context: RunContext, stored: StoredRecord, result: RecordedVerification
) -> tuple[str, ...]:
    """What is to be noted. Damage is recorded only by a caller that has found it twice."""
    stored, notes = await _update(context, stored, lambda known: merge(known, result))
    recorded = stored.record.verified
    if not notes and result.result == "ok" and recorded is not None and recorded.result == "damaged":
        return (f"the backup stays recorded as damaged: `verify --level {recorded.level}` found that",)
    return notes


async def forget_damage(context: RunContext, stored: StoredRecord) -> tuple[str, ...]:
    """What is to be noted. For a backup of which nobody can say more than that it is not damaged as recorded."""
    return (await _update(context, stored, lambda known: None if _is_damage(known) else known))[1]


async def _update(
    context: RunContext, stored: StoredRecord, change: Merge
) -> tuple[StoredRecord, tuple[str, ...]]:
    """A result is worth reporting even if it cannot be recorded."""
    try:
        for _ in range(_MERGES_AT_MOST):
            verified = change(stored.record.verified)
            if verified == stored.record.verified:
                break
            wanted = replace(stored.record, verified=verified)
            stored = await context.call(
                context.catalog.update, stored, wanted
            )  # another may have been faster
    except AccessDenied as error:
        return stored, (f"the result was not recorded: {error.message}",)
    return stored, ()


def merge(known: RecordedVerification | None, found: RecordedVerification) -> RecordedVerification:
    """What a record says after another verification. Pure.

    What proves more stays: a listing that finds nothing does not take the place of the proof of every item. Damage of
    any level counts at once. It stays recorded until a verification of the same level, or of one that proves more,
    finds none: otherwise a level that would not find it again could end it.
    """
    if known is None or _rank(found) >= _rank(known):
        return found
    return found if known.result == "ok" and found.result == "damaged" else known


def _is_damage(verified: RecordedVerification | None) -> bool:
    return verified is not None and verified.result == "damaged"


def _rank(verified: RecordedVerification) -> tuple[int, int, float]:
    """What was proven of all data, then what was proven of a sample of it."""
    sample = verified.sample
    of_sample = (LEVELS.index(sample.level), sample.percent) if sample is not None else (-1, 0.0)
    return (LEVELS.index(verified.level), *of_sample)
