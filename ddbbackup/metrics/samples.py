"""The metric families, and their samples for one run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.model.table_status import TableStatus
from ddbbackup.report.run_summary import RunSummary
from ddbbackup.safe_text import escape

FAMILIES: Final[Mapping[str, str]] = {
    "ddbbackup_last_success_timestamp_seconds": "Unix time when the table's newest backup was completed.",
    "ddbbackup_last_success_data_timestamp_seconds": "Unix time of the data in that backup (its export time).",
    "ddbbackup_last_success_duration_seconds": "Duration of that backup, from its start to its verification.",
    "ddbbackup_last_success_size_bytes": "Size of its data files.",
    "ddbbackup_last_success_items": "Number of its items.",
    "ddbbackup_rpo_seconds": "RPO of the table in the plan; only for tables with an `rpo`.",
    "ddbbackup_rpo_age_seconds": "Age of the newest backup's data at the end of the run.",
    "ddbbackup_rpo_broken": "1 if that age exceeded the RPO or the table had no backup, else 0.",
    "ddbbackup_run_timestamp_seconds": "Unix time when the run ended.",
    "ddbbackup_run_duration_seconds": "Duration of the run.",
    "ddbbackup_run_exit_code": "Exit code of the run.",
    "ddbbackup_run_steps": "Number of steps by status: done, started, unchanged, skipped, failed.",
}
"""Every family is a gauge: a run ends too soon to keep counters."""
_PLACE: Final = ("plan", "account", "region")
LABELS: Final = {"last": (*_PLACE, "table"), "rpo": (*_PLACE, "table"), "run": (*_PLACE, "verb")}
"""Labels by the word after ``ddbbackup_``; ``ddbbackup_run_steps`` also has ``status``."""


@dataclass(frozen=True, slots=True)
class Sample:
    family: str
    labels: Mapping[str, str]
    value: float


def samples(summary: RunSummary) -> tuple[Sample, ...]:
    """In the order of ``FAMILIES``; a table without a backup has no ``last_success`` samples."""
    values = [*_run(summary)]
    for table in summary.tables:
        values += _table(summary, table)
    order = {family: number for number, family in enumerate(FAMILIES)}
    return tuple(sorted(values, key=lambda sample: order[sample.family]))


def place_labels(summary: RunSummary) -> dict[str, str]:
    """The labels of every sample; account and region are empty if the run ended before it knew them."""
    return {
        "plan": escape(summary.plan),
        "account": escape(summary.account or ""),
        "region": escape(summary.region or ""),
    }


def _table(summary: RunSummary, table: TableStatus) -> Iterator[Sample]:
    values: dict[str, float | None] = {
        "last_success_timestamp_seconds": _unix(table.completed_at),
        "last_success_data_timestamp_seconds": _unix(table.export_time),
        "last_success_duration_seconds": table.seconds,
        "last_success_size_bytes": table.size_bytes,
        "last_success_items": table.items,
        "rpo_seconds": table.rpo_seconds,
        "rpo_age_seconds": table.age_seconds,
        "rpo_broken": float(table.breaks_rpo) if table.rpo_seconds is not None else None,
    }
    labels = {**place_labels(summary), "table": escape(table.table)}
    for name, value in values.items():
        if value is not None:
            yield Sample(f"ddbbackup_{name}", labels, value)


def _run(summary: RunSummary) -> Iterator[Sample]:
    labels = {**place_labels(summary), "verb": summary.verb}
    yield Sample("ddbbackup_run_timestamp_seconds", labels, summary.ended_at.timestamp())
    yield Sample(
        "ddbbackup_run_duration_seconds", labels, (summary.ended_at - summary.started_at).total_seconds()
    )
    yield Sample("ddbbackup_run_exit_code", labels, summary.exit_code)
    if summary.report is not None:
        counts = Counter(outcome.status for outcome in summary.report.outcomes)
        for status in ("done", "started", "unchanged", "skipped", "failed"):
            yield Sample("ddbbackup_run_steps", {**labels, "status": status}, counts[status])


def _unix(time: datetime | None) -> float | None:
    return time.timestamp() if time else None
