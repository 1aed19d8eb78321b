"""Histories of many tables as the catalog would know them, and the document that ``report`` makes of them.

What is simulated are the summaries of records; what they mean is decided by the real surveys, policies and prices.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from ddbbackup.catalog import Catalog, Location, StoredRecord, locate
from ddbbackup.catalog.summary import SummarizedRecord
from ddbbackup.errors import PlanInvalid, Unreachable
from ddbbackup.model.table_status import NotRestorable, TableStatus
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.plan.model import Destination, Retention, TableEntry
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.overview import Overview
from ddbbackup.report.overview.build import AccountTables, FailedPlan, ObservedPlan, ObservedTable, overview
from ddbbackup.retention.decision import decision_of
from ddbbackup.retention.survey import Survey
from tests.support.records import record

NOW: Final = datetime(2026, 11, 26, 13, 37, tzinfo=UTC)
IDENTITY: Final = Identity("123456789012", "arn:aws:iam::123456789012:user/sim", "aws", "eu-west-1")
DESTINATION: Final = Destination("vault", "acme-ddb-vault", "ddb/{account}/{region}/{table}/")
HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</style></title></details>",
    "\u202egnp.elbat",
    "a\nb\x1b[31mc",
    "x" * 3000,
    "&lt;b&gt; &amp;",
    "javascript:alert(1)",
)
_WORDS: Final = (
    *("orders", "billing", "customers", "sessions", "inventory", "audit", "events", "carts", "payments"),
    *("refunds", "shipments", "prices", "catalog", "reviews", "devices", "tokens", "invoices", "ledger"),
)
_STAGES: Final = ("", "-eu", "-archive", "-v2", "-staging", "-index")


@dataclass(frozen=True, slots=True)
class Shape:
    """A history: a backup ``every`` so often for so many ``days``, every so many of them a full one."""

    every: timedelta
    days: int
    full_every: int
    entry: TableEntry


_NIGHTLY: Final = Shape(
    timedelta(days=1),
    75,
    1,
    TableEntry(
        0, "vault", match="*", rpo_seconds=26 * 3600, retention=Retention(keep_daily=60, keep_monthly=12)
    ),
)
_HOURLY: Final = Shape(
    timedelta(hours=1),
    40,
    720,
    TableEntry(
        1,
        "vault",
        tags={"backup": "hourly"},
        method="incremental",
        rpo_seconds=2 * 3600,
        retention=Retention(keep_within_seconds=45 * 86_400),
    ),
)


def table_names(count: int) -> list[str]:
    names = [f"{word}{stage}" for stage in _STAGES for word in _WORDS]
    return [names[i] if i < len(names) else f"{names[i % len(names)]}-{i:04d}" for i in range(count)]


def simulated_overview(
    tables: int, *, names: Sequence[str] | None = None, unreadable: bool = False, quiet: bool = False
) -> Overview:
    """Most are well; a few are stale, were never backed up, have gaps, damage or failures, or run now.

    ``quiet``: all are well. ``unreadable``: one could not be read.
    """
    plan = simulated_plan("prod", names if names is not None else table_names(tables), quiet=quiet)
    if unreadable:
        error = Unreachable("could not list s3://acme-ddb-vault: timed out", hint="try again")
        lost = plan.tables[-1 if quiet else -2]
        lost = ObservedTable(lost.location, lost.entry, error=error)
        plan = replace(
            plan, tables=[each if each.location != lost.location else lost for each in plan.tables]
        )
    return overview([plan], prices=packaged(), now=NOW)


def simulated_plans(tables: int) -> Overview:
    """Two plans of so many tables each, with the same names, in two Regions, and one that is not valid."""
    names = table_names(tables)
    america = replace(IDENTITY, region="us-east-1")
    broken = PlanInvalid("the plan plans/old.yaml has 1 problem", hint="correct it", problems=())
    return overview(
        [
            simulated_plan("prod-eu", names),
            simulated_plan("prod-us", names, america),
            FailedPlan(["plans/old.yaml"], broken),
        ],
        prices=packaged(),
        now=NOW,
    )


def simulated_plan(
    name: str, tables: Sequence[str], identity: Identity = IDENTITY, *, quiet: bool = False
) -> ObservedPlan:
    chance = random.Random(len(tables))
    observed = [
        _observed(locate(DESTINATION, identity, table=table, plan=name), number, chance, quiet=quiet)
        for number, table in enumerate(tables)
    ]
    others = {f"scratch-{number}" for number in range(max(1, len(tables) // 40))} if not quiet else set()
    kept = [] if quiet else [_kept(locate(DESTINATION, identity, table="legacy-audit", plan=name), chance)]
    account = AccountTables(frozenset(tables) | others)
    return ObservedPlan(name, [f"plans/{name}.yaml"], identity, [*observed, *kept], account)


def _observed(location: Location, number: int, chance: random.Random, *, quiet: bool) -> ObservedTable:
    name, shape = location.table, _HOURLY if number % 3 == 1 else _NIGHTLY
    case = number % 17 if not quiet else 0
    if case == 3 and number % 2:
        return ObservedTable(
            location,
            shape.entry,
            TableStatus(name, "never", rpo_seconds=shape.entry.rpo_seconds),
            Survey(location),
        )
    late = timedelta(days=2 + number % 3) if case == 5 and number % 3 == 2 else timedelta()
    gap = (8, 11) if case == 7 else (0, 0)
    rows = list(_rows(shape, chance, late, gap, damaged=case == 12))
    survey = Survey(location, summarized={row.id: row for row in rows})
    survey.chains.extend(_chains(rows))
    if case == 9:
        survey.records.update(_running(location, name))
    points = [row for row in rows if row.verified != "damaged"]
    newest = datetime.fromtimestamp(points[-1].reaches, UTC)
    age = int((NOW - newest).total_seconds())
    rpo = shape.entry.rpo_seconds or 0
    table_bytes = (rows[0].size_bytes or 0) * 4
    status = TableStatus(
        name,
        "stale" if age > rpo else "ok",
        backup=points[-1].id,
        export_time=newest,
        age_seconds=age,
        rpo_seconds=rpo,
        items=next((row.item_count for row in reversed(points) if row.kind == "full"), None),
        verified=VerificationResult("checksums", newest + timedelta(minutes=20), "ok"),
        running=tuple(
            each for each, stored in survey.records.items() if stored.record.state == "in_progress"
        ),
        last_failure="AccessDenied: the role may not write to s3://acme-ddb-vault" if late else None,
        not_restorable=(NotRestorable(rows[-1].id, "it was found damaged by `verify --level items`"),)
        if case == 12
        else (),
        gap_since=newest - timedelta(days=9) if case == 7 and shape is _HOURLY else None,
        table_bytes=table_bytes,
    )
    policy = shape.entry.retention
    decision = decision_of(survey, policy, cast("Catalog", None), now=NOW) if policy is not None else None
    return ObservedTable(location, shape.entry, status, survey, policy, decision, exists=True)


def _kept(location: Location, chance: random.Random) -> ObservedTable:
    rows = list(_rows(replace(_NIGHTLY, days=31), chance, timedelta(days=200), (0, 0), damaged=False))
    survey = Survey(location, summarized={row.id: row for row in rows})
    survey.chains.extend(_chains(rows))
    return ObservedTable(location, survey=survey, exists=False)


def _rows(
    shape: Shape, chance: random.Random, late: timedelta, gap: tuple[int, int], *, damaged: bool
) -> Iterator[SummarizedRecord]:
    """Oldest first. ``gap`` are days ago between which there is no backup."""
    end = NOW - late - timedelta(minutes=37)
    count = round(timedelta(days=shape.days) / shape.every)
    size, items = chance.randrange(1 << 20, 1 << 33), chance.randrange(1000, 40_000_000)
    growth = 1 + chance.random() / 300
    previous: str | None = None
    for number in range(count):
        at = end - shape.every * (count - 1 - number)
        if timedelta(days=gap[0]) < NOW - at < timedelta(days=gap[1]):
            previous = None
            continue
        full = number % shape.full_every == 0 or previous is None
        if full:
            size, items = int(size * growth * chance.uniform(0.98, 1.02)), int(items * growth)
        backup_id = f"{at:%Y%m%dT%H%M%SZ}-{number:08x}"
        reaches = int(at.timestamp())
        yield SummarizedRecord(
            backup_id,
            '"e"',
            None if full else previous,
            f"{number:08x}",
            reaches,
            reaches,
            size if full else int(size * chance.uniform(0.0005, 0.004)),
            "damaged" if damaged and number == count - 1 else "ok",
            "full" if full else "window",
            items if full else items // 500,
        )
        previous = backup_id


def _chains(rows: Sequence[SummarizedRecord]) -> list[tuple[str, ...]]:
    chains: list[list[str]] = []
    for row in rows:
        if row.previous is None:
            chains.append([row.id])
        else:
            chains[-1].append(row.id)
    return [tuple(chain) for chain in chains]


def _running(location: Location, name: str) -> dict[str, StoredRecord]:
    made = record(table=name, at=NOW - timedelta(minutes=12))
    return {made.id: StoredRecord(made, location, location.record_key(made.id), '"e"')}
