"""What a restore would do: source, target, method, settings, and what blocks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import STATE_FILE, destination_root, records_prefix
from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.arn import Arn
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.json_value import Json, get_integer
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Restore
from ddbbackup.restore import blockers
from ddbbackup.restore.compatibility import check_first_item, recorded_keys
from ddbbackup.restore.data_files import list_data_files
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.method_selection import AUTO_METHODS, Candidate, MethodName, list_candidates
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.proof import is_still_there
from ddbbackup.restore.resolve import ResolvedRestore, resolve_restore, with_current_target
from ddbbackup.restore.restore_progress import RESUMABLE, RestoreProgress
from ddbbackup.restore.settings import encryption_refusal, preview_settings
from ddbbackup.restore.shared_state import SharedState
from ddbbackup.restore.state import RestoreState, created_by
from ddbbackup.restore.target_warnings import read_target, target_warnings
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import FROM_BACKUPS, MUST_BE_EMPTY, RESTORES, Permission
from ddbbackup.steps.table_wait import wait_for_table

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
        "dynamodb:BatchGetItem", "target", ("restore",), FROM_BACKUPS, note="reads a sample back, to prove it"
    ),
    Permission("s3:GetObject", "restore-state", ("restore",), RESTORES),
    Permission(
        "s3:PutObject",
        "restore-state",
        ("restore",),
        RESTORES,
        note="without it the state of a restore stays on one machine",
    ),
)


@dataclass(frozen=True, slots=True)
class RestoreFindings:
    """``reason`` says why ``method`` is selected. ``earlier`` is the progress of an earlier run of this restore.

    ``done``: this run ID has completed the restore already.
    """

    job: RestoreJob
    method: MethodName
    reason: str
    earlier: RestoreProgress | None
    done: bool = False

    @property
    def is_loaded(self) -> bool:
        """All data is in the table, and only settings remain."""
        return self.job.continues and self.earlier is not None and self.earlier.stage == "loaded"


async def assess_restore(
    context: RunContext, restore: Restore, target: str, *, confirmed: bool, step: str, kind: str, summary: str
) -> Assessment[RestoreFindings]:
    """Raises what resolving the source raises, and ``AccessDenied`` for a wrong account.

    Holds the lock of the target for ``run`` if nothing blocks it.
    """
    resolved = await context.call(resolve_restore, context, restore, target, all_sources=context.estimating)
    state = RestoreState(
        context.state_dir, target_arn=resolved.target_arn, shared=_shared_state(context, restore, resolved)
    )
    if context.estimating:
        return await _assess(
            context, restore, resolved, state, confirmed=confirmed, step=step, kind=kind, summary=summary
        )
    await context.call(state.acquire)
    held = False
    try:
        resolved = await context.call(with_current_target, resolved)
        assessment = await _assess(
            context, restore, resolved, state, confirmed=confirmed, step=step, kind=kind, summary=summary
        )
        held = not assessment.blockers
        return assessment
    finally:
        if not held:  # ``run``, which releases it otherwise, is not called
            await asyncio.shield(context.call(state.release))


async def _assess(
    context: RunContext,
    restore: Restore,
    resolved: ResolvedRestore,
    state: RestoreState,
    *,
    confirmed: bool,
    step: str,
    kind: str,
    summary: str,
) -> Assessment[RestoreFindings]:
    target = resolved.inputs.target
    earlier = _same_source(await context.call(state.read), resolved)
    interrupted = _interrupted_method(restore, earlier)
    job = RestoreJob(context, restore, target, resolved, state)
    job = replace(job, continues=_continues(job, interrupted, earlier))
    if job.continues and earlier is not None and earlier.stage == "loaded" and not context.estimating:
        job = replace(job, continues=await is_still_there(job))
    found: list[Blocker] = []
    if _overwrites_its_source(resolved, restore) and not confirmed:
        found.append(blockers.unconfirmed_overwrite(target))
    try:
        job = await _with_remote_job(job, interrupted)
    except DdbBackupError as error:
        found.append(Blocker(error))
    candidates = list_candidates(_method_inputs(job, interrupted), context.prices, RESTORE_METHODS)
    candidates = _prefer_interrupted(candidates, interrupted)
    selected = next(each for each in candidates if each.selected)
    done = await _is_done(job, earlier)
    findings = RestoreFindings(job, selected.method, selected.reason, earlier, done=done)
    if findings.done:
        summary, facts = f"nothing to do: {target} is restored", {"backup": resolved.label}
        return Assessment(step, kind, target, summary, findings, facts=facts)
    found += selected.blockers
    if not found and not findings.is_loaded:
        job, more = await _inspect(findings.job, selected.method)
        findings = replace(findings, job=job)
        found += more
    assessment = Assessment(
        step,
        kind,
        target,
        f"{summary} (method: {selected.method})",
        findings,
        actions=tuple(_actions(findings, summary)),
        blockers=_distinct(found),
    )
    return await _with_estimate(assessment, candidates) if context.estimating else assessment


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


async def _inspect(job: RestoreJob, name: MethodName) -> tuple[RestoreJob, list[Blocker]]:
    """Reads the bucket and the target for further blockers. A preview reads no item."""
    context, resolved, method = job.context, job.resolved, RESTORE_METHODS[name]
    found: list[Blocker] = []
    if resolved.backup is not None and not method.uses_live_table:
        data_files = await context.call(list_data_files, context.source.objects, resolved.backup.opened)
        job = replace(job, data_files=data_files)
        found += blockers.missing_files(data_files, resolved.backup.label)
        found += blockers.unexpected_objects(data_files) if method.reads_folder else ()
        found += _creation_blockers(resolved)
    if not method.creates_table:
        found += await _target_blockers(job)
    reads_items = not (context.estimating or method.reads_folder or job.continues)
    if reads_items and not found and job.data_files is not None:
        try:
            await context.heavy(
                check_first_item,
                context.source.objects,
                job.data_files,
                resolved.target,
                resolved.description,
            )
        except DdbBackupError as error:
            found.append(Blocker(error))
    return job, found


def _creation_blockers(resolved: ResolvedRestore) -> Iterator[Blocker]:
    """Why the target cannot be created as the restore specifies."""
    if resolved.target is not None or not resolved.description:
        return
    to = resolved.inputs.restore.target
    try:
        create_table_input(resolved.description, name=resolved.inputs.target, billing_mode=to.billing_mode)
    except Refused as error:
        yield Blocker(error)
    if (encryption := encryption_refusal(resolved)) is not None:
        yield Blocker(encryption)


async def _target_blockers(job: RestoreJob) -> list[Blocker]:
    """The blockers of a target that exists and that the method writes into."""
    restore, target = job.restore, job.resolved.target
    if target is None or job.continues:
        return []
    if restore.target.create == "new" and not created_by(job.state.read(), target.table_id):
        return [blockers.target_exists(job.target)]
    found: list[Blocker] = []
    keys = recorded_keys(job.resolved.description) if job.resolved.backup is not None else ()
    if keys and keys != target.keys:
        found.append(blockers.other_key_schema(job.target, target.keys, keys))
    must_be_empty = restore.existing == "fail" or restore.target.create == "new"
    if must_be_empty and await _holds_items(job):
        found.append(blockers.target_holds_items(job.target))
    return found


async def _holds_items(job: RestoreJob) -> bool:
    if job.context.estimating:
        return job.resolved.target is not None and job.resolved.target.item_count > 0
    call_aws = AwsCaller(job.context, job.cloud)
    await wait_for_table(call_aws, job.target, until="writable")
    return await call_aws("Scan", lambda cloud: cloud.tables.holds_items(job.target))


def _actions(findings: RestoreFindings, summary: str) -> Iterator[str]:
    job, method = findings.job, RESTORE_METHODS[findings.method]
    if job.resolved.target is None and not method.creates_table:
        yield f"create the table {job.target}"
    if job.continues and not findings.is_loaded:
        yield f"continue the restore of {job.target} that an earlier run started"
    elif not findings.is_loaded:
        yield summary
    if job.restore.target.settings != "none":
        yield f"apply settings to {job.target}"


def _distinct(found: Sequence[Blocker]) -> tuple[Blocker, ...]:
    return tuple({blocker.message: blocker for blocker in found}.values())


def _overwrites_its_source(resolved: ResolvedRestore, restore: Restore) -> bool:
    return restore.existing == "overwrite" and resolved.target_arn == resolved.table_arn


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


def _same_source(earlier: RestoreProgress | None, resolved: ResolvedRestore) -> RestoreProgress | None:
    """The progress of another backup into the same target is none of this restore."""
    return earlier if earlier is not None and earlier.source == resolved.source_key else None


def _shared_state(context: RunContext, restore: Restore, resolved: ResolvedRestore) -> SharedState | None:
    """In the vault of the restore's backups; None where it has no vault."""
    if restore.destination is None:
        return None
    destination = context.plan.destinations[restore.destination]
    target = Arn.parse(resolved.target_arn)
    prefix = records_prefix(
        destination_root(destination.prefix),
        context.plan.name,
        target.account,
        target.region,
        target.table_name,
    )
    return SharedState(
        context.source.objects,
        S3Location(destination.bucket, f"{prefix}{STATE_FILE}"),
        run=context.run_id,
        owner=destination.bucket_owner,
        kms_key_id=destination.encryption.kms_key_id,
    )


# ---- for previews only


async def _with_estimate(
    assessment: Assessment[RestoreFindings], candidates: Sequence[Candidate]
) -> Assessment[RestoreFindings]:
    """The assessment with size, time, cost, all methods, and what happens to each setting."""
    job = assessment.findings.job
    context, resolved = job.context, job.resolved
    selected = next(each for each in candidates if each.selected)
    estimate = selected.estimate
    created = resolved.target is None or RESTORE_METHODS[selected.method].creates_table
    return replace(
        assessment,
        items=resolved.inputs.items,
        size_bytes=get_integer(resolved.description, "TableSizeBytes") or None,
        seconds=estimate.seconds if estimate else None,
        seconds_basis=estimate.basis if estimate else "the size of the items is unknown",
        cost=selected.cost,
        notes=tuple(await context.call(lambda: list(_notes(job)))),
        facts={
            "backup": resolved.label,
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


def _notes(job: RestoreJob) -> Iterator[str]:
    if job.restore.destination is None:
        yield "the state of this restore is kept on this machine only: another machine cannot continue it"
    target = job.resolved.target
    if target is None:
        return
    if job.restore.existing == "fail" and not target.item_count:
        yield (
            f"DynamoDB last counted 0 items in {job.target}, up to six hours ago; the run checks again before it "
            "writes, and fails if the table holds items"
        )
    yield from target_warnings(read_target(job.cloud, target), overwrites=job.restore.existing == "overwrite")


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
