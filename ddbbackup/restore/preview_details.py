"""What only a preview shows of a restore: size, time, cost, all methods, and what happens to each setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ddbbackup.errors import Refused
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.json_value import Json, get_integer
from ddbbackup.model.numbers import counted
from ddbbackup.restore.blockers import unconfirmed
from ddbbackup.restore.destruction import destroys, is_live_source
from ddbbackup.restore.findings import RestoreFindings
from ddbbackup.restore.later_indexes import OBSERVED_MINUTES
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_selection import Candidate
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.selected_target import notes_on_selected_target
from ddbbackup.restore.settings import later_indexes, preview_settings
from ddbbackup.restore.target_warnings import read_target, target_warnings


async def with_estimate(
    assessment: Assessment[RestoreFindings], candidates: Sequence[Candidate]
) -> Assessment[RestoreFindings]:
    """The assessment with size, time, cost, all methods, and what happens to each setting."""
    job = assessment.findings.job
    context, resolved = job.context, job.resolved
    selected = next(each for each in candidates if each.selected)
    writes_items = not job.restore.schema_only
    estimate = selected.estimate if writes_items else None
    unknown = "the size of the items is unknown" if writes_items else "no items are written"
    if job.restore.existing == "mirror" and resolved.target is not None:
        unknown = "a preview reads no items, so it does not know how many differ"
    created = resolved.target is None or RESTORE_METHODS[selected.method].creates_table
    return replace(
        assessment,
        items=resolved.inputs.items if writes_items else 0,
        size_bytes=get_integer(resolved.description, "TableSizeBytes") or None,
        seconds=estimate.seconds if estimate else None,
        seconds_basis=estimate.basis if estimate else unknown,
        cost=selected.cost if writes_items else None,
        notes=(*await context.call(lambda: list(_notes(job))), *notes_on_new_table(job, created=created)),
        facts={
            **resolved.source_facts,
            "method": selected.method,
            "because": selected.reason,
            "target": _describe_target(resolved),
            "candidates": [_candidate_facts(each) for each in candidates],
            "settings": await _settings_facts(job, created=created),
        },
    )


async def _settings_facts(job: RestoreJob, *, created: bool) -> list[dict[str, Json]]:
    """Empty if the target cannot be created; the blockers say why."""
    try:
        return await preview_settings(job.context, job.resolved, created=created)
    except Refused:
        return []


def notes_on_new_table(job: RestoreJob, *, created: bool) -> list[str]:
    """What follows from a table that the restore creates where the plan selects tables."""
    here, there = job.context.source.identity, job.cloud.identity
    if not created or (here.account, here.region) != (there.account, there.region):
        return []
    return list(notes_on_selected_target(job.context.plan.tables, job.restore.table, job.target))


def _notes(job: RestoreJob) -> Iterator[str]:
    if destroys(job.context, job.restore, job.resolved):
        blocker = unconfirmed(
            job.target,
            existing=job.restore.existing,
            is_live=is_live_source(job.context, job.restore, job.resolved),
            origin=job.restore.origin,
        )
        yield f"{blocker.message}: the run asks for confirmation, or needs --yes"
    if job.restore.destination is None:
        yield "the state of this restore is kept on this machine only: another machine cannot continue it"
    if job.restore.only is not None:
        yield (
            f"restores only {job.restore.only.label}; how many is known when the backup is read, so the "
            "estimates are those of all items"
        )
    backup = job.resolved.backup
    if job.resolved.recorded is not None:
        yield from job.resolved.recorded.passed_over
    if backup is not None and backup.windows and not job.restore.schema_only:
        yield (
            f"{counted(backup.change_count, 'change')} in {counted(len(backup.windows), 'window')} after a backup "
            f"of {counted(backup.opened.item_count, 'item')}; each item is written once, in its last state"
        )
    if (
        job.restore.existing == "overwrite"
        and job.resolved.target is not None
        and not job.restore.schema_only
    ):
        yield f"items of {job.target} that the restore point does not hold stay, also if a window deleted them"
    if job.restore.existing == "mirror" and job.resolved.target is not None:
        yield (
            f"`ddbbackup diff` shows now which items of {job.target} differ; the run compares them, and refuses to "
            f"delete more than {job.restore.limits.max_deletes_percent} % of the items without --yes-delete"
        )
    if (change := job.restore.change) is not None:
        paths = len(change.drop) + len(change.hashed) + len(change.assigned)
        yield f"the items are changed on their way, at {paths} paths: the target will not equal the backup"
    archived = job.data_files.archived if job.data_files is not None else None
    if archived is not None and archived.unknown:
        yield (
            f"whether {archived.unknown} data files in INTELLIGENT_TIERING are archived is unknown, because "
            "HeadObject was denied"
        )
    if later_indexes(job.resolved):
        yield (
            "the indexes are added after the data, one at a time; that is not part of the estimated time: AWS took "
            f"{OBSERVED_MINUTES} minutes for each index of a table without data"
        )
    target = job.resolved.target
    if target is None:
        return
    if job.restore.existing == "fail" and not target.item_count and not job.restore.schema_only:
        yield (
            f"DynamoDB last counted 0 items in {job.target}, up to six hours ago; the run checks again before it "
            "writes, and fails if the table holds items"
        )
    yield from target_warnings(
        read_target(job.cloud, target), overwrites=job.restore.existing in ("overwrite", "mirror")
    )


def _describe_target(resolved: ResolvedRestore) -> str:
    identity = resolved.cloud.identity
    where = f"in account {identity.account}, region {identity.region}"
    return f"exists {where}" if resolved.target is not None else f"will be created {where}"


def _candidate_facts(candidate: Candidate) -> dict[str, Json]:
    cost = candidate.cost
    return {
        "method": candidate.method,
        "chosen": candidate.selected,
        "possible": candidate.possible,
        "because": candidate.reason or None,
        "experimental": candidate.experimental,
        "seconds": candidate.seconds,
        "usd": round(cost.usd, 6) if cost is not None and not cost.incomplete else None,
        "unverified": cost.unverified if cost is not None else None,
        "blockers": [blocker.message for blocker in candidate.blockers],
    }
