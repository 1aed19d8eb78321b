"""From the plan and the catalog to the steps of ``prune``, one for each table with a retention policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ddbbackup.catalog import Catalog, Location
from ddbbackup.catalog.concurrent_reads import read_concurrently
from ddbbackup.catalog.queries import tables_with_records
from ddbbackup.errors import DdbBackupError, NothingSelected, Refused
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.plan.model import Plan, Retention
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import entries_for, needs_tags
from ddbbackup.retention.decision import Decision, decide_table
from ddbbackup.retention.prune_table import PruneTable
from ddbbackup.retention.survey import READS_AT_ONCE
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory

Tags = Mapping[str, Mapping[str, str]]
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """The steps, and sentences about tables that have backups but no policy."""

    steps: tuple[PruneTable, ...]
    notes: tuple[str, ...]


async def plan_prune(context: RunContext, *, only: Only = (), confirmed: bool = False) -> PrunePlan:
    """Reads the catalog; nothing is changed. ``confirmed``: more than half of all restore points may be removed.

    Raises ``NothingSelected`` if no table with backups has a policy.
    """
    plan = context.plan
    tags = (await take_inventory(context, only=only)).tags if needs_tags(plan) else {}
    tables = await context.call(
        tables_with_records, context.catalog, plan, context.source.identity, only=only
    )
    policies = {each.location: policy for each in tables if (policy := policy_of(plan, each.table, tags))}
    if not policies:
        raise NothingSelected(
            "no table with backups has a retention policy, so nothing is removed",
            hint="add `retention` to `defaults` or to an entry of `tables`",
        )
    decided = await context.heavy(
        decide_tables, context.catalog, policies, now=context.clock.now(), reads_at_once=READS_AT_ONCE
    )
    without = [each.location for each in tables if each.location not in policies]
    kept = await context.call(_with_backups, context.catalog, without)
    return PrunePlan(_steps(plan, policies, decided, confirmed), tuple(_notes(kept)))


def policy_of(plan: Plan, table: str, tags: Tags) -> Retention | None:
    """The policy of the entry that selects the table, whether or not it still exists.

    None if there is no such entry, if it has no policy, and if several selectors with different policies match.
    """
    policies = {entry.retention for entry in entries_for(plan, table, tags.get(table, {}))}
    return policies.pop() if len(policies) == 1 else None


def decide_tables(
    catalog: Catalog, policies: Mapping[Location, Retention], *, now: datetime, reads_at_once: int
) -> dict[Location, Decision | DdbBackupError]:
    """What to do with the backups of each table, many tables at a time. An error stays with its table. Blocks."""
    for_each = max(1, reads_at_once // max(1, len(policies)))

    def decide(item: tuple[Location, Retention]) -> Decision | DdbBackupError:
        location, policy = item
        try:
            return decide_table(catalog, location, policy, now=now, reads_at_once=for_each)
        except DdbBackupError as error:
            return error

    with ThreadPoolExecutor(reads_at_once, thread_name_prefix="prune") as pool:
        return dict(zip(policies, pool.map(decide, policies.items()), strict=True))


def _steps(
    plan: Plan,
    policies: Mapping[Location, Retention],
    decided: Mapping[Location, Decision | DdbBackupError],
    confirmed: bool,
) -> tuple[PruneTable, ...]:
    too_much = None if confirmed else more_than_half(plan.name, decided.values())
    seen: Counter[str] = Counter(location.table for location in policies)
    return tuple(
        PruneTable(
            location,
            policies[location],
            decision,
            unconfirmed=too_much,
            place=location.uri if seen[location.table] > 1 else "",
        )
        for location, decision in decided.items()
    )


def more_than_half(plan: str, decided: Iterable[Decision | DdbBackupError]) -> Refused | None:
    """The error of a run that would remove more than half of all restore points; None if it would not."""
    decisions = [each for each in decided if isinstance(each, Decision)]
    total = sum(each.restore_points for each in decisions)
    removed = sum(len(each.removed) for each in decisions)
    if 2 * removed <= total:
        return None
    return Refused(
        f"{grouped(removed)} of {counted(total, 'restore point')} would be removed, which is more than half",
        hint=f"check the list, then pass --confirm {plan}",
    )


def _with_backups(catalog: Catalog, locations: Sequence[Location]) -> list[str]:
    """The names of those that have records: the target of a restore has a place, too, but no backups. Blocks."""
    have = read_concurrently(catalog.has_records, locations)
    return sorted({each.table for each, has in zip(locations, have, strict=True) if has})


def _notes(kept: Sequence[str]) -> Iterator[str]:
    if kept:
        shown = ", ".join(kept[:_SHOWN]) + (", …" if len(kept) > _SHOWN else "")
        yield f"all backups of tables without a retention policy are kept: {shown}"
