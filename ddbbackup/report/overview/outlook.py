"""What retention will remove: now, and, if backups go on as they did, in the next weeks. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from ddbbackup.model.backup_id import first_id_at, time_of_id
from ddbbackup.report.documents.overview import LaterRemoval, RetentionOutlook
from ddbbackup.retention.policy import Chain, decide
from ddbbackup.times import format_duration

if TYPE_CHECKING:
    from ddbbackup.plan.model import Retention
    from ddbbackup.report.overview.points import KnownPoint
    from ddbbackup.retention.decision import Decision
    from ddbbackup.retention.survey import Survey

HORIZONS: Final = (7, 30)
"""In days."""
_TO_COME: Final = "-ffffffff"
_INTERVALS: Final = 20
_LEAST: Final = timedelta(hours=1)  # backups that are made more often are looked at as if they were hourly


def outlook(
    policy: Retention,
    survey: Survey,
    decision: Decision,
    points: Sequence[KnownPoint],
    *,
    full_every_seconds: int | None,
) -> RetentionOutlook:
    """``points`` are sorted. ``full_every_seconds`` is that of the plan, None if it does not select the table."""
    full_every = timedelta(seconds=full_every_seconds) if full_every_seconds is not None else None
    kept = len(decision.kept) + decision.needed
    if decision.bad:
        return RetentionOutlook(
            describe(policy), kept + len(decision.removed), 0, 0, None, None, (), is_blocked=True
        )
    removed = sorted(decision.removed)
    return RetentionOutlook(
        policy=describe(policy),
        keeps=kept,
        removes=len(removed),
        removes_bytes=decision.size_bytes,
        oldest=_time(removed[0]) if removed else None,
        newest=_time(removed[-1]) if removed else None,
        later=tuple(
            LaterRemoval(days, _removed_after(timedelta(days=days), full_every, policy, survey, points))
            for days in HORIZONS
        ),
        is_blocked=False,
    )


def describe(policy: Retention) -> str:
    """``keep_last 3, keep_within 7d``."""
    rules = [
        f"{each.name.removesuffix('_seconds')} {format_duration(value) if each.name.endswith('_seconds') else value}"
        for each in fields(policy)
        if (value := getattr(policy, each.name))
    ]
    return ", ".join(rules)


def _removed_after(
    time: timedelta,
    full_every: timedelta | None,
    policy: Retention,
    survey: Survey,
    points: Sequence[KnownPoint],
) -> int:
    """How many of the points of today no rule keeps then. Assumes that all later backups are verified."""
    if len(points) < 2:
        return 0
    verified = {each for each, row in survey.summarized.items() if row.verified == "ok"}
    verified |= {
        each
        for each, stored in survey.records.items()
        if stored.record.verified is not None and stored.record.verified.result == "ok"
    }
    known = {each for chain in survey.chains for each in chain}
    chains = (
        [*survey.chains, *_continued(time, full_every, survey.chains, points)]
        if full_every
        else survey.chains
    )
    verdict = decide(chains, policy, lambda each: each in verified or each not in known)
    return sum(each in known for each in verdict.removed)


def _continued(
    time: timedelta, full_every: timedelta, chains: Sequence[Chain], points: Sequence[KnownPoint]
) -> list[Chain]:
    """The chains of the backups to come, at the interval of the last ones.

    The IDs of what is to come are told from others by their last part: they are all of one attempt.
    """
    recent = points[-_INTERVALS:]
    interval = timedelta(
        seconds=median(
            (after.reaches - each.reaches).total_seconds() for each, after in itertools.pairwise(recent)
        )
    )
    interval = max(interval, _LEAST)
    chain = max(chains, key=lambda each: each[-1])
    is_incremental = len(chain) > 1
    made: list[Chain] = []
    at, end = points[-1].reaches + interval, points[-1].reaches + time
    base_at = _time(chain[0]) or points[-1].reaches
    while at <= end:
        new = f"{first_id_at(at)}{_TO_COME}"
        if is_incremental and at - base_at < full_every:
            chain = (*chain, new)
        else:
            if chain[-1].endswith(_TO_COME):
                made.append(chain)
            chain, base_at = (new,), at
        at += interval
    if chain[-1].endswith(_TO_COME):
        made.append(chain)
    return made


def _time(backup_id: str) -> datetime | None:
    try:
        return time_of_id(backup_id)
    except ValueError:
        return None
