"""What a restore would do: source, target as it is now, every method, the settings, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.restore.compatibility import refuse_other_keys
from ddbbackup.restore.method_selection import Candidate, candidates
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.resolve import ResolvedRestore, resolve_restore
from ddbbackup.restore.settings_preview import foreseen_settings, refused_encryption
from ddbbackup.restore.target_warnings import look_at_target, warnings_of
from ddbbackup.settings.permissions import to_look
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission

if TYPE_CHECKING:
    from ddbbackup.restore.restore_table import RestoreTable

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    *to_look(),
)


async def assess_restore(step: RestoreTable, context: RunContext) -> Assessment[ResolvedRestore]:
    """Raises what finding the source raises: that is an obstacle."""
    found = await context.call(
        resolve_restore, context, step.restore, step.target, thorough=context.estimating
    )
    if not context.estimating:
        return Assessment(step.id, step.kind, step.table, step.does, found)
    every = candidates(found.inputs, context.prices)
    best = next(each for each in every if each.chosen)
    estimate = best.estimate
    blockers = (*best.blockers, *(Blocker(error) for error in _in_the_way(step, found, best)))
    return Assessment(
        step.id,
        step.kind,
        step.table,
        f"{step.does}, by {best.method}",
        found,
        items=found.inputs.items,
        size_bytes=_size(found),
        seconds=estimate.seconds if estimate else None,
        seconds_basis=estimate.basis if estimate else "nothing is known of the size of the items",
        cost=best.cost,
        blockers=tuple({blocker.message: blocker for blocker in blockers}.values()),
        warnings=tuple(await context.call(lambda: tuple(_warnings(step, found)))),
        facts={
            "backup": found.label,
            "method": best.method,
            "because": best.because,
            "target": _target(found),
            "candidates": [_told(each) for each in every],
            "settings": await foreseen_settings(
                context, found, made=found.target is None or RESTORE_METHODS[best.method].makes_table
            ),
        },
    )


def _in_the_way(step: RestoreTable, found: ResolvedRestore, best: Candidate) -> Iterator[DdbBackupError]:
    """What the chosen method would meet at a target that exists, besides what speaks against the method itself."""
    target, restore = found.target, step.restore
    encryption = refused_encryption(found)
    if encryption is not None and not RESTORE_METHODS[best.method].from_live:
        yield encryption
    if target is None or RESTORE_METHODS[best.method].makes_table:
        return
    if restore.target.create == "new":
        yield Refused(
            f"the target {step.target} exists, and the plan says `create: new`",
            hint="choose another `to.table` ({date} and {run} make fresh names), or delete the table",
        )
        return
    if found.backup is not None:
        try:
            refuse_other_keys(found.backup, target)
        except Refused as error:
            yield error
    if restore.existing == "fail" and target.item_count:
        yield Refused(
            f"the target {step.target} already holds items ({target.item_count} when DynamoDB last counted, up to "
            "six hours ago), and the plan says `existing: fail`",
            hint="restore to another table name, or choose `existing: keep` or `existing: overwrite`",
        )


def _warnings(step: RestoreTable, found: ResolvedRestore) -> Iterator[str]:
    target = found.target
    if target is None:
        return
    if step.restore.existing == "fail" and not target.item_count:
        yield (
            f"DynamoDB's last count of {step.target}, up to six hours old, is 0 items; the run looks again before it "
            "writes, and refuses a table that holds any"
        )
    yield from warnings_of(
        look_at_target(found.cloud, target), overwrites=step.restore.existing == "overwrite"
    )


def _size(found: ResolvedRestore) -> int | None:
    """Of the table when it was backed up, as DynamoDB counted it; exports are compressed, and say nothing of it."""
    return int(found.description.get("TableSizeBytes") or 0) or None


def _target(found: ResolvedRestore) -> str:
    identity = found.cloud.identity
    where = f"in account {identity.account}, region {identity.region}"
    return f"exists {where}" if found.target is not None else f"will be created {where}"


def _told(candidate: Candidate) -> dict[str, Any]:
    cost = candidate.cost
    return {
        "method": candidate.method,
        "chosen": candidate.chosen,
        "possible": candidate.possible,
        "because": candidate.because or None,
        "experimental": candidate.experimental,
        "seconds": candidate.seconds,
        "usd": round(cost.usd, 6) if cost is not None and not cost.incomplete else None,
        "unverified": cost.unverified if cost is not None else None,
        "obstacles": [blocker.message for blocker in candidate.blockers],
    }
