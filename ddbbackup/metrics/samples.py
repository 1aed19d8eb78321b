"""What is measured: every family once, and its samples of one run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.report.run_summary import RunSummary
from ddbbackup.status.table_status import TableStatus

FAMILIES: Final[Mapping[str, str]] = {
    "ddbbackup_last_success_timestamp_seconds": "When the table's newest complete backup was completed (Unix time).",
    "ddbbackup_last_success_data_timestamp_seconds": "The instant whose data that backup holds (Unix time).",
    "ddbbackup_last_success_duration_seconds": "How long that backup took, from its start until it was verified.",
    "ddbbackup_last_success_size_bytes": "The size of its data files.",
    "ddbbackup_last_success_items": "The items in it.",
    "ddbbackup_rpo_seconds": "How old the newest backup may be by the plan; only tables with an `rpo`.",
    "ddbbackup_rpo_age_seconds": "How old its data was when the run ended; graph time() minus the data's timestamp.",
    "ddbbackup_rpo_broken": "1 where that was older than the plan allows, or there was no backup at all.",
    "ddbbackup_run_timestamp_seconds": "When the run ended (Unix time).",
    "ddbbackup_run_duration_seconds": "How long the run took.",
    "ddbbackup_run_exit_code": "Its exit code.",
    "ddbbackup_run_steps": "Its steps by status: done, started, unchanged, skipped, failed.",
}
"""Every family is a gauge: a run is no server that could count."""
LABELS: Final = {"last": ("plan", "table"), "rpo": ("plan", "table"), "run": ("plan", "verb")}
"""By the word after ``ddbbackup_``; ``ddbbackup_run_steps`` has ``status`` too."""


@dataclass(frozen=True, slots=True)
class Sample:
    family: str
    labels: Mapping[str, str]
    value: float


def samples(news: RunSummary) -> tuple[Sample, ...]:
    """In the order of ``FAMILIES``; a table without a backup has none of those about its last success."""
    found = [*_run(news)]
    for standing in news.tables:
        found += _table(news.plan, standing)
    order = {family: number for number, family in enumerate(FAMILIES)}
    return tuple(sorted(found, key=lambda sample: order[sample.family]))


def _table(plan: str, standing: TableStatus) -> Iterator[Sample]:
    values: dict[str, float | None] = {
        "last_success_timestamp_seconds": _unix(standing.completed_at),
        "last_success_data_timestamp_seconds": _unix(standing.export_time),
        "last_success_duration_seconds": standing.seconds,
        "last_success_size_bytes": standing.size_bytes,
        "last_success_items": standing.items,
        "rpo_seconds": standing.rpo_seconds,
        "rpo_age_seconds": standing.age_seconds,
        "rpo_broken": float(standing.breaks_rpo) if standing.rpo_seconds is not None else None,
    }
    labels = {"plan": plan, "table": standing.table}
    for name, value in values.items():
        if value is not None:
            yield Sample(f"ddbbackup_{name}", labels, value)


def _run(news: RunSummary) -> Iterator[Sample]:
    labels = {"plan": news.plan, "verb": news.verb}
    yield Sample("ddbbackup_run_timestamp_seconds", labels, news.ended_at.timestamp())
    yield Sample("ddbbackup_run_duration_seconds", labels, (news.ended_at - news.started_at).total_seconds())
    yield Sample("ddbbackup_run_exit_code", labels, news.exit_code)
    if news.report is not None:
        counts = Counter(outcome.status for outcome in news.report.outcomes)
        for status in ("done", "started", "unchanged", "skipped", "failed"):
            yield Sample("ddbbackup_run_steps", {**labels, "status": status}, counts[status])


def _unix(time: datetime | None) -> float | None:
    return time.timestamp() if time else None
