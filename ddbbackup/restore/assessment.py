"""What a restore would do: source, target, method, settings, and what blocks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ddbbackup.catalog.archived import ArchivedObjects, find_archived
from ddbbackup.catalog.exports import ManifestArchived
from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.numbers import counted
from ddbbackup.plan.model import Restore
from ddbbackup.restore import blockers
from ddbbackup.restore.destruction import destroys, is_live_source
from ddbbackup.restore.findings import RestoreFindings, RestoreRequest
from ddbbackup.restore.incomplete import lost_uris
from ddbbackup.restore.inspection import find_quota_blockers, inspect
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.method_selection import AUTO_METHODS, Candidate, MethodName, list_candidates
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.preview_details import with_estimate
from ddbbackup.restore.proof import is_still_there
from ddbbackup.restore.resolve import ResolvedRestore, resolve_restore, with_current_target
from ddbbackup.restore.restore_progress import RESUMABLE, RestoreProgress
from ddbbackup.restore.retrieval import archived_blockers
from ddbbackup.restore.settings import later_indexes, switches_capacity
from ddbbackup.restore.shared_state import shared_state
from ddbbackup.restore.state import RestoreState
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import FROM_EXPORTS, KMS_KEY, MUST_BE_EMPTY, RESTORES, Permission

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "target", ("restore", "read")),
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission(
        "dynamodb:Scan",
        "target",
        ("restore",),
        MUST_BE_EMPTY,
        note="reads one key to check that the table is empty",
    ),
    Permission(
        "dynamodb:BatchGetItem", "target", ("restore",), FROM_EXPORTS, note="reads a sample back, to prove it"
    ),
    Permission("s3:GetObject", "restore-state", ("restore", "read"), RESTORES),
    Permission(
        "s3:PutObject",
        "restore-state",
        ("restore",),
        RESTORES,
        note="without it the state of a restore stays on one machine",
    ),
    Permission("kms:GenerateDataKey", "key", ("restore",), KMS_KEY, for_aws=True, note="for `s3:PutObject`"),
)


async def assess_restore(
    context: RunContext, request: RestoreRequest
) -> Assessment[RestoreFindings | ArchivedObjects]:
    """Raises what resolving the source raises, and ``AccessDenied`` for a wrong account.

    Holds the lock of the target for ``run`` if nothing blocks it. The findings are archived objects if all that the
    run can do is to ask S3 for them.
    """
    restore = request.restore
    try:
        resolved = await context.call(
            resolve_restore,
            context,
            restore,
            request.target,
            all_sources=context.estimating,
            accepts_incomplete=request.accepts_incomplete,
        )
    except ManifestArchived as error:
        archived = await context.call(find_archived, context.source.objects, error.folder, owner=error.owner)
        return _assess_archived(context, request, archived, str(error.folder.location))
    state = RestoreState(
        context.state_dir,
        target_arn=resolved.target_arn,
        shared=shared_state(context, restore, resolved.target_arn),
    )
    if context.estimating:
        return await _assess(context, request, resolved, state)
    await context.call(state.acquire)
    held = False
    try:
        resolved = await context.call(with_current_target, resolved)
        assessment = await _assess(context, request, resolved, state)
        held = not assessment.blockers
        return assessment
    finally:
        if not held:  # ``run``, which releases it otherwise, is not called
            await asyncio.shield(context.call(state.release))


def _assess_archived(
    context: RunContext, request: RestoreRequest, archived: ArchivedObjects, backup: str
) -> Assessment[RestoreFindings | ArchivedObjects]:
    """Of a backup with archived manifests: nothing else can be known of it."""
    now, retrieve = context.clock.now(), request.retrieve
    found = tuple(
        archived_blockers(archived, backup, restore=request.restore.name, retrieve=retrieve, now=now)
    )
    return Assessment(
        request.step,
        request.kind,
        request.target,
        f"retrieve the archived objects of {backup}",
        archived,
        blockers=found,
    )


async def _assess(
    context: RunContext, request: RestoreRequest, resolved: ResolvedRestore, state: RestoreState
) -> Assessment[RestoreFindings | ArchivedObjects]:
    restore, target, summary = request.restore, request.target, request.summary
    saved = await context.call(state.read)
    earlier = _same_source(saved, resolved)
    interrupted = _interrupted_method(restore, earlier)
    job = RestoreJob(context, restore, target, resolved, state, adopts=request.adopts)
    job = replace(
        job,
        accepts_incomplete=request.accepts_incomplete,
        allowed_deletes=request.allowed_deletes,
        comparison=request.comparison,
    )
    job = replace(job, continues=_continues(job, interrupted, earlier))
    is_loaded = job.continues and earlier is not None and earlier.stage == "loaded"
    if is_loaded and not context.estimating:
        # Decided before a job of AWS is looked for: that it ended well does not say what the table holds now.
        lost = lost_uris(earlier.loaded or {}) if earlier is not None else ()
        is_loaded = await is_still_there(job, lost=lost)
        job = replace(job, continues=is_loaded)
    found: list[Blocker] = []
    if destroys(context, restore, resolved) and not request.confirmed and not context.estimating:
        found.append(_unconfirmed(context, resolved, restore))
    try:
        job = await _with_remote_job(job, interrupted)
    except DdbBackupError as error:
        found.append(Blocker(error))
    inputs = _method_inputs(job, interrupted)
    candidates = list_candidates(inputs, context.prices, RESTORE_METHODS)
    candidates = _prefer_interrupted(candidates, interrupted)
    selected = next(each for each in candidates if each.selected)
    done = await _is_done(job, earlier)
    findings = RestoreFindings(job, selected.method, selected.reason, earlier, is_loaded, done=done)
    if findings.done:
        summary, facts = f"nothing to do: {target} is restored", resolved.source_facts
        return Assessment(request.step, request.kind, target, summary, findings, facts=facts)
    found += _unrecorded_table(job, selected.method, saved)
    found += selected.blockers
    if not found and not findings.is_loaded:
        job, more = await inspect(findings.job, selected.method, retrieve=request.retrieve)
        if quota := await find_quota_blockers(job, selected.method):
            candidates = list_candidates(
                replace(inputs, import_refusal=quota[0]), context.prices, RESTORE_METHODS
            )
            selected = next(each for each in candidates if each.selected)
            if restore.method == "auto":  # which has selected another method now
                job, more = await inspect(findings.job, selected.method, retrieve=request.retrieve)
            else:
                more += quota
        findings = replace(findings, job=job, method=selected.method, reason=selected.reason)
        found += more
    if request.retrieve is not None and any(blocker.after_run for blocker in found):
        return _archived(request, job, found)
    assessment = Assessment(
        request.step,
        request.kind,
        target,
        f"{summary} (method: {selected.method})",
        findings,
        actions=tuple(_actions(findings, summary)),
        blockers=_distinct(found),
    )
    return await with_estimate(assessment, candidates) if context.estimating else assessment


def _archived(
    request: RestoreRequest, job: RestoreJob, found: Sequence[Blocker]
) -> Assessment[RestoreFindings | ArchivedObjects]:
    if job.files.archived is None:
        raise Bug("archived data files were not listed")
    count, label = len(job.files.archived.resting), job.backup.label
    action = f"ask S3 to retrieve {counted(count, 'archived object')} of {label}"
    return Assessment(
        request.step,
        request.kind,
        request.target,
        action,
        job.files.archived,
        actions=(action,),
        blockers=_distinct(found),
    )


def _interrupted_method(restore: Restore, earlier: RestoreProgress | None) -> MethodName | None:
    """The method of an earlier run that did not finish, if this restore can use it too."""
    if earlier is None or earlier.stage not in ("requested", "creating", "writing", "loaded"):
        return None
    acceptable = AUTO_METHODS if restore.method == "auto" else (restore.method,)
    return next((name for name in RESTORE_METHODS if name == earlier.method and name in acceptable), None)


def _continues(job: RestoreJob, interrupted: MethodName | None, earlier: RestoreProgress | None) -> bool:
    return (
        interrupted is not None
        and earlier is not None
        and RESTORE_METHODS[interrupted].continues(job, earlier)
    )


async def _with_remote_job(job: RestoreJob, interrupted: MethodName | None) -> RestoreJob:
    """Finds the job of AWS that an earlier run of this restore started, even if its state is not on this machine.

    A preview does not search: its role may not be allowed to list jobs.
    """
    name = interrupted or next((name for name in RESTORE_METHODS if name == job.restore.method), None)
    method = RESTORE_METHODS[name] if name is not None else None
    if job.context.estimating or method is None or method.find_remote_job is None:
        return job
    remote_job = await method.find_remote_job(job)
    return replace(job, remote_job=remote_job, continues=job.continues or remote_job is not None)


def _method_inputs(job: RestoreJob, interrupted: MethodName | None) -> MethodInputs:
    """A table that AWS created for an earlier run of this restore does not block it."""
    inputs = job.resolved.inputs
    creates_table = interrupted is not None and RESTORE_METHODS[interrupted].creates_table
    if job.continues and (creates_table or (job.remote_job is not None and job.restore.method == "import")):
        return replace(inputs, target_description=None)
    return inputs


def _prefer_interrupted(
    candidates: tuple[Candidate, ...], interrupted: MethodName | None
) -> tuple[Candidate, ...]:
    if interrupted is None:
        return candidates
    return tuple(
        replace(each, selected=True, reason="an earlier run of this restore started with it")
        if each.method == interrupted
        else replace(each, selected=False)
        for each in candidates
    )


def _actions(findings: RestoreFindings, summary: str) -> Iterator[str]:
    job, method = findings.job, RESTORE_METHODS[findings.method]
    if job.resolved.target is None and not method.creates_table:
        yield f"create the table {job.target}"
    if job.continues and not findings.is_loaded:
        yield f"continue the restore of {job.target} that an earlier run started"
    elif not findings.is_loaded:
        yield summary
    if added := later_indexes(job.resolved):
        yield f"add {', '.join(f'index {each}' for each in added)} to {job.target}, one at a time"
    if not method.creates_table and switches_capacity(job.resolved):
        yield f"give {job.target} its recorded capacity, after a load on demand"
    if job.restore.target.settings != "none":
        yield f"apply settings to {job.target}"


def _distinct(found: Sequence[Blocker]) -> tuple[Blocker, ...]:
    return tuple({blocker.message: blocker for blocker in found}.values())


def _unconfirmed(context: RunContext, resolved: ResolvedRestore, restore: Restore) -> Blocker:
    is_live = is_live_source(context, restore, resolved)
    return blockers.unconfirmed(
        resolved.inputs.target, existing=restore.existing, is_live=is_live, origin=restore.origin
    )


async def _is_done(job: RestoreJob, earlier: RestoreProgress | None) -> bool:
    """Whether this run ID has restored the table less than a day ago, and the table still holds the items.

    The run ID of a CI system is the same for all steps of a pipeline and its repetition: it restores again.
    """
    context, target = job.context, job.resolved.target
    if earlier is None or target is None or not context.run_id_is_key or earlier.stage != "done":
        return False
    same = earlier.run == context.run_id and earlier.table_id == target.table_id
    recent = abs(context.clock.now() - earlier.updated_at) <= RESUMABLE
    return same and recent and (context.estimating or await is_still_there(job))


def _unrecorded_table(
    job: RestoreJob, method: MethodName, saved: RestoreProgress | None
) -> tuple[Blocker, ...]:
    """For a target that exists and that no run has recorded: whether, or why not, ``--adopt`` continues with it."""
    find_objection, target = RESTORE_METHODS[method].objection, job.resolved.target
    if find_objection is None or target is None or job.continues:
        return ()
    reason = find_objection(job, saved, target)
    if job.adopts and reason is not None:
        return (blockers.not_adoptable(job.target, reason),)
    return (blockers.adoptable(job.target, job.resolved.label),) if reason is None else ()


def _same_source(earlier: RestoreProgress | None, resolved: ResolvedRestore) -> RestoreProgress | None:
    """The progress of another backup into the same target is none of this restore."""
    return earlier if earlier is not None and earlier.source == resolved.source_key else None
