"""The result of ``preview``: what a run would do, what blocks it, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from ddbbackup.model.cost import Cost
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import exit_code
from ddbbackup.report.documents.doctor import CheckInfo, check_info
from ddbbackup.report.documents.failure import ErrorInfo, error_info

if TYPE_CHECKING:
    from ddbbackup.model.assessment import Assessment
    from ddbbackup.model.check import Check
    from ddbbackup.model.cost import Confidence, CostLine
    from ddbbackup.ports import Identity
    from ddbbackup.pricing.prices import Prices
    from ddbbackup.report.documents.plan_changes import PlanChanges
    from ddbbackup.status.unselected_tables import UnselectedTable

NO_CHANGES: Final = 0
CHANGES: Final = 2

_DECIMALS: Final = 9
"""Of dollars: 10 KiB cost 0.0000002 a month in S3, and the sum of a thousand such numbers is not 0."""


@dataclass(frozen=True, slots=True)
class SelectedTables:
    """The tables that one element of the plan's ``tables`` selects; ``position`` is its index."""

    entry: str
    position: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnselectedTableInfo:
    """A table that has backups and that the plan does not select. ``exists`` is None if that is unknown."""

    table: str
    last_backup: str
    last_backup_time: datetime
    in_last_run: bool
    exists: bool | None


@dataclass(frozen=True, slots=True)
class DestinationChecks:
    name: str
    checks: tuple[CheckInfo, ...]


@dataclass(frozen=True, slots=True)
class CostLineInfo:
    """``usd`` is None if the price is unknown."""

    name: str
    quantity: float
    unit: str
    usd: float | None
    monthly: bool
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class CostInfo:
    """An estimate in US dollars: ``usd`` once, ``usd_monthly`` for as long as the data is kept.

    ``unverified``: a line uses a price that could not be verified. ``incomplete``: a line has no known price and
    is not part of the sums.
    """

    estimate: Literal[True]
    usd: float
    usd_monthly: float
    unverified: bool
    incomplete: bool
    lines: tuple[CostLineInfo, ...]


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """One step. ``actions`` are what it starts and changes, in order; ``changes`` is whether there are any.

    ``seconds_basis`` says how ``seconds`` was estimated. ``facts`` depend on the kind of step.
    """

    step: str
    kind: str
    table: str
    summary: str
    actions: tuple[str, ...]
    changes: bool
    items: int | None
    size_bytes: int | None
    seconds: float | None
    seconds_basis: str
    cost: CostInfo | None
    blockers: tuple[ErrorInfo, ...]
    notes: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the steps that decide the exit code. ``items`` and ``size_bytes`` are None if no step knows them."""

    steps: int
    changes: int
    blocked: int
    items: int | None
    size_bytes: int | None
    cost: CostInfo


@dataclass(frozen=True, slots=True)
class PriceList:
    """``as_of`` is the date of the prices."""

    as_of: str
    region: str
    file: str


@dataclass(frozen=True, slots=True)
class Preview:
    """``schemas/preview.schema.json``. ``notes`` say what could not be checked, and why.

    ``against`` is None without --against.

    ``region_origin`` says where the region was found, such as ``the plan`` or ``AWS_REGION``.
    """

    schema: ClassVar[Literal["preview"]] = "preview"

    plan: str
    run: str
    now: datetime
    account: str
    region: str
    region_origin: str
    caller: str
    selection: tuple[SelectedTables, ...]
    unselected_tables: tuple[UnselectedTableInfo, ...]
    destinations: tuple[DestinationChecks, ...]
    backups: tuple[PreviewStep, ...]
    restores: tuple[PreviewStep, ...]
    prunes: tuple[PreviewStep, ...]
    notes: tuple[str, ...]
    totals: Totals
    prices: PriceList
    against: PlanChanges | None
    exit_code: int

    @property
    def steps(self) -> tuple[PreviewStep, ...]:
        return (*self.backups, *self.restores, *self.prunes)

    @property
    def table_backups(self) -> tuple[PreviewStep, ...]:
        """``backups``, with a check of a destination only if it blocks: a destination is no table."""
        return tuple(each for each in self.backups if each.kind != "check" or each.blockers)

    @property
    def decisive_steps(self) -> tuple[PreviewStep, ...]:
        """Those that are counted: restores run on demand, so they count only without backups."""
        return self.table_backups if self.backups else self.restores or self.prunes


def preview(
    *,
    plan: str,
    run: str,
    now: datetime,
    identity: Identity,
    prices: Prices,
    selection: Sequence[SelectedTables] = (),
    unselected_tables: Sequence[UnselectedTable] = (),
    destinations: Mapping[str, Sequence[Check]] | None = None,
    backups: Sequence[Assessment[Any]] = (),
    restores: Sequence[Assessment[Any]] = (),
    prunes: Sequence[Assessment[Any]] = (),
    notes: Sequence[str] = (),
    against: PlanChanges | None = None,
    detailed_exit_code: bool = False,
) -> Preview:
    """``destinations`` are checks by the name of the destination.

    ``detailed_exit_code``: exit with 2 if nothing blocks the run and it would change anything.
    """
    decisive = backups or restores or prunes
    return Preview(
        plan=plan,
        run=run,
        now=now,
        account=identity.account,
        region=identity.region,
        region_origin=identity.region_origin,
        caller=identity.arn,
        selection=tuple(selection),
        unselected_tables=tuple(_unselected(table) for table in unselected_tables),
        destinations=tuple(
            DestinationChecks(name, tuple(check_info(check) for check in checks))
            for name, checks in (destinations or {}).items()
        ),
        backups=tuple(_step(step) for step in backups),
        restores=tuple(_step(step) for step in restores),
        prunes=tuple(_step(step) for step in prunes),
        notes=tuple(notes),
        totals=_totals(decisive),
        prices=PriceList(prices.as_of, prices.region, prices.file),
        against=against,
        exit_code=_exit_code(decisive, detailed=detailed_exit_code),
    )


def _exit_code(steps: Sequence[Assessment[Any]], *, detailed: bool) -> int:
    """The exit code of the run, as far as its blockers decide it."""
    expected = [
        Outcome(
            step.step,
            step.kind,
            step.table,
            "failed" if step.blockers else "done",
            error=step.blockers[0].error if step.blockers else None,
        )
        for step in steps
    ]
    blocked = exit_code(expected)
    if blocked:
        return blocked
    return CHANGES if detailed and any(step.changes for step in steps) else NO_CHANGES


def _totals(steps: Sequence[Assessment[Any]]) -> Totals:
    return Totals(
        steps=len(steps),
        changes=sum(step.changes for step in steps),
        blocked=sum(bool(step.blockers) for step in steps),
        items=_sum_of_known(step.items for step in steps),
        size_bytes=_sum_of_known(step.size_bytes for step in steps),
        cost=cost_info(sum((step.cost for step in steps if step.cost is not None), Cost())),
    )


def _sum_of_known(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _unselected(table: UnselectedTable) -> UnselectedTableInfo:
    return UnselectedTableInfo(
        table.table, table.last_backup, table.last_backup_time, table.in_last_run, table.exists
    )


def _step(step: Assessment[Any]) -> PreviewStep:
    return PreviewStep(
        step=step.step,
        kind=step.kind,
        table=step.table,
        summary=step.summary,
        actions=step.actions,
        changes=step.changes,
        items=step.items,
        size_bytes=step.size_bytes,
        seconds=step.seconds,
        seconds_basis=step.seconds_basis,
        cost=cost_info(step.cost) if step.cost is not None else None,
        blockers=tuple(error_info(blocker.error) for blocker in step.blockers),
        notes=step.notes,
        facts=step.facts,
    )


def cost_info(cost: Cost) -> CostInfo:
    return CostInfo(
        estimate=True,
        usd=round(cost.usd, _DECIMALS),
        usd_monthly=round(cost.usd_monthly, _DECIMALS),
        unverified=cost.unverified,
        incomplete=cost.incomplete,
        lines=tuple(_cost_line(line) for line in cost.lines),
    )


def _cost_line(line: CostLine) -> CostLineInfo:
    return CostLineInfo(
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        usd=None if line.usd is None else round(line.usd, _DECIMALS),
        monthly=line.monthly,
        confidence=line.confidence,
    )
