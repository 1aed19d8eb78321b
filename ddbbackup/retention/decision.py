"""What to do with the backups of one table: what a policy keeps, and everything that must go for another reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ddbbackup.catalog import BadRecord, Catalog, Location, Record, StoredRecord
from ddbbackup.catalog.restore_points import Unrestorable
from ddbbackup.plan.model import Retention
from ddbbackup.retention.policy import NOT_KEPT
from ddbbackup.retention.survey import Survey, apply_policy, survey_table
from ddbbackup.times import to_iso

FAILED_KEPT: Final = timedelta(days=30)
"""How long the record of a failed backup, and what there is of its data, is kept."""
_IN_PROGRESS_AT_MOST: Final = timedelta(days=7)  # after that, `wait` ignores a backup


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to the backups of one table. All IDs are sorted, the newest first.

    ``kept``: why restore points are kept, without those that only stand in the chain of another; ``needed`` counts
    these. ``removed``: restore points that no rule keeps. ``failed``: failed backups that are old enough.
    ``expiring``: backups that an earlier run has begun to remove. ``in_progress`` and ``recently_failed`` stay.
    ``size_bytes`` of what is removed is None if it is not known of all.
    """

    location: Location
    kept: Mapping[str, tuple[str, ...]]
    needed: int
    removed: tuple[str, ...]
    failed: tuple[str, ...]
    expiring: tuple[str, ...]
    in_progress: tuple[str, ...]
    recently_failed: tuple[str, ...]
    unrestorable: tuple[Unrestorable, ...]
    bad: tuple[BadRecord, ...]
    size_bytes: int | None
    notes: tuple[str, ...] = ()

    @property
    def restore_points(self) -> int:
        return len(self.kept) + self.needed + len(self.removed)

    @property
    def reasons(self) -> dict[str, str]:
        """Why each backup is removed, the newest first."""
        reasons = dict.fromkeys(self.removed, NOT_KEPT)
        reasons |= dict.fromkeys(self.failed, f"it failed more than {FAILED_KEPT.days} days ago")
        reasons |= dict.fromkeys(self.expiring, "an earlier run has begun to remove it")
        return dict(sorted(reasons.items(), reverse=True))


def decide_table(
    catalog: Catalog, location: Location, policy: Retention, *, now: datetime, reads_at_once: int = 1
) -> Decision:
    """Reads few records, see ``survey_table``. Blocks."""
    survey = survey_table(catalog, location, reads_at_once=reads_at_once)
    return decision_of(survey, policy, catalog, now=now)


def decision_of(survey: Survey, policy: Retention, catalog: Catalog, *, now: datetime) -> Decision:
    location = survey.location

    def read(backup_id: str) -> StoredRecord | BadRecord:
        return catalog.read(location, location.record_key(backup_id))

    verdict = apply_policy(survey, policy, read)
    ended = survey.in_state("failed", "not_whole")
    old = {each.record.id for each in ended if _ended_at(each.record) <= now - FAILED_KEPT}
    return Decision(
        location=location,
        kept=verdict.kept,
        needed=len(verdict.needed),
        removed=verdict.removed,
        failed=_newest_first(each.record.id for each in ended if each.record.id in old),
        expiring=_newest_first(each.record.id for each in survey.in_state("expiring")),
        in_progress=_newest_first(each.record.id for each in survey.in_state("in_progress")),
        recently_failed=_newest_first(each.record.id for each in ended if each.record.id not in old),
        unrestorable=tuple(survey.unrestorable),
        bad=tuple(survey.bad),
        size_bytes=_size_of(survey, (*verdict.removed, *old)),
        notes=tuple(_notes(survey, now)),
    )


def _size_of(survey: Survey, removed: Iterable[str]) -> int | None:
    total = 0
    for backup_id in removed:
        size_bytes = survey.size_bytes(backup_id)
        if size_bytes is None:
            return None
        total += size_bytes
    return total


def _ended_at(record: Record) -> datetime:
    return record.completed_at or record.started_at


def _newest_first(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, reverse=True))


def _notes(survey: Survey, now: datetime) -> Iterator[str]:
    for stored in survey.in_state("in_progress"):
        started_at = stored.record.started_at
        if started_at < now - _IN_PROGRESS_AT_MOST:
            yield (
                f"{stored.record.id} is in progress since {to_iso(started_at)}: it stays, with what it needs, until "
                "`ddbbackup wait` or its removal by hand ends it"
            )
    for each in survey.unrestorable:
        yield f"{each.id} stays, although it cannot be restored: {each.reason}"
