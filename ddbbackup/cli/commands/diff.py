"""``diff``: how a restore point differs from a live table. Reads both, and changes nothing."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from ddbbackup.archive.item_keys import wire_key
from ddbbackup.bulk.compare import PointComparison
from ddbbackup.bulk.compare.model import Difference
from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.output import write_output
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import write_stdout
from ddbbackup.compare.sides import Sides, open_sides
from ddbbackup.errors import UsageError
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.restore_from import FromBackup
from ddbbackup.ports import KeyAttribute
from ddbbackup.report.documents.diff import DifferentKey, TableDifference
from ddbbackup.restore.planning import restore_step
from ddbbackup.sources.selected_tables import restores_of_tables
from ddbbackup.steps.context import RunContext

_CHANGES_PENDING: Final = 2
_KEYS_AT_ONCE: Final = 1000


def run(options: Namespace) -> int:
    async def compare(session: Session) -> TableDifference:
        context = session.context
        restore = await _restore(context, session.plan, options)
        table = restore_step(restore, run=context.run_id, today=context.started_at, confirmed=False).target
        sides = await context.call(open_sides, context, restore, table)
        comparison = await context.heavy(
            context.compare_point, sides.job, target=sides.cloud, source=context.source
        )
        try:
            document = _document(session, restore, sides, comparison)
            if options.show_keys:
                if options.output == "json":
                    keys = (_different_key(sides.table.keys, each) for each in comparison.differences())
                    return replace(document, keys=tuple(keys))
                await context.call(_print_keys, options.output, sides.table.keys, comparison)
            return document
        finally:
            await context.call(comparison.close)

    document = run_session(options, compare)
    differs = options.detailed_exitcode and document.differs
    return write_output(options, document, _CHANGES_PENDING if differs else 0)


async def _restore(context: RunContext, plan: Plan, options: Namespace) -> Restore:
    """The restore that would make the two equal. Its source and its target are what is compared."""
    named = find_restore(plan, options)
    if named.selector is not None:
        raise UsageError(
            f"the restore {named.name} is for many tables, but diff compares one",
            hint="name one of its tables with --table",
        )
    (restore,) = await restores_of_tables(context, named)
    return restore


def _document(
    session: Session, restore: Restore, sides: Sides, comparison: PointComparison
) -> TableDifference:
    counts, identity, origin = comparison.counts, sides.cloud.identity, sides.backup.origin
    return TableDifference(
        plan=session.plan.name,
        account=identity.account,
        region=identity.region,
        table=sides.table.name,
        source_table=restore.table,
        backup=sides.backup.label,
        origin=f"{origin.account}/{origin.region}" if origin is not None else None,
        scanned_from=comparison.interval.started_at,
        scanned_to=comparison.interval.ended_at,
        backup_items=counts.point_items,
        table_items=counts.live_items,
        equal=counts.equal,
        missing=counts.missing,
        changed=counts.changed,
        extra=counts.extra,
        passed_over=() if isinstance(restore.source, FromBackup) else sides.backup.passed_over,
    )


def _different_key(keys: Sequence[KeyAttribute], difference: Difference) -> DifferentKey:
    return DifferentKey(difference.kind, wire_key(difference.key, keys))


def _print_keys(form: str, keys: Sequence[KeyAttribute], comparison: PointComparison) -> None:
    """As they come, so that the memory does not grow with them. JSON of ASCII characters is safe to print."""
    lines = _lines(form, keys, comparison)
    while some := list(islice(lines, _KEYS_AT_ONCE)):
        write_stdout("".join(some), is_json=True)


def _lines(form: str, keys: Sequence[KeyAttribute], comparison: PointComparison) -> Iterator[str]:
    for each in comparison.differences():
        key = wire_key(each.key, keys)
        if form == "jsonl":
            yield json.dumps({"change": each.kind, "key": key}) + "\n"
        else:
            yield f"{each.kind:<8}{json.dumps(key)}\n"
