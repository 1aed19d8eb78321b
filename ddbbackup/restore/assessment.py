"""What a restore would do: source, target as it is now, method, settings, and what blocks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.plan.model import Restore
from ddbbackup.restore import blockers
from ddbbackup.restore.compatibility import refuse_other_items, refuse_other_keys
from ddbbackup.restore.data_files import files_missing, foreign_objects, list_data_files
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.method_selection import BY_AUTO, Candidate, MethodName, candidates
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.resolve import ResolvedRestore, resolve_restore
from ddbbackup.restore.settings_preview import foreseen_settings, refused_encryption
from ddbbackup.restore.state import RestoreProgress, RestoreState, created_by
from ddbbackup.restore.target_warnings import look_at_target, warnings_of
from ddbbackup.settings.permissions import to_look
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import MUST_BE_EMPTY, Permission
from ddbbackup.steps.table_wait import wait_for_table
from ddbbackup.times import to_iso

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "target", ("restore", "read")),
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission(
        "dynamodb:Scan",
        "target",
        ("restore",),
        MUST_BE_EMPTY,
        note="reads one key to see whether it is empty",
    ),
    *to_look(),
)


@dataclass(frozen=True, slots=True)
class RestoreFindings:
    """``earlier`` is what an earlier run of this restore left; ``done``: this very run has done all of it already."""

    job: RestoreJob
    method: MethodName
    because: str
    earlier: RestoreProgress | None
    done: bool = False

    @property
    def is_loaded(self) -> bool:
        """All data is in the table, and only settings are left."""
        return self.job.continues and self.earlier is not None and self.earlier.stage == "loaded"


async def assess_restore(
    context: RunContext, restore: Restore, target: str, *, confirmed: bool, step: str, kind: str, does: str
) -> Assessment[RestoreFindings]:
    """Raises what finding the source raises, and ``AccessDenied`` for a wrong account."""
    resolved = await context.call(resolve_restore, context, restore, target, thorough=context.estimating)
    state = RestoreState(context.state_dir, target_arn=resolved.target_arn, backup_root=_root(resolved))
    earlier = state.read()
    job = RestoreJob(context, restore, target, resolved, state)
    begun = _begun(restore, earlier)
    job = replace(job, continues=_continues(job, begun, earlier))
    found: list[Blocker] = []
    if _overwrites_its_source(resolved, restore) and not confirmed:
        found.append(blockers.unconfirmed_overwrite(target))
    try:
        job = await _with_started_job(job, begun)
    except DdbBackupError as error:
        found.append(Blocker(error))
    every = candidates(_judged_by(job, begun), context.prices, RESTORE_METHODS)
    best = _best(every, begun)
    done = _is_done(earlier, context, resolved)
    findings = RestoreFindings(job, best.method, best.because, earlier, done=done)
    if findings.done:
        does, facts = f"nothing: {target} is restored", {"backup": resolved.label}
        return Assessment(step, kind, target, does, findings, changes=False, facts=facts)
    found += best.blockers
    if not found and not findings.is_loaded:
        job, more = await _look_closer(job, best)
        findings = replace(findings, job=job)
        found += more
    plain = Assessment(
        step, kind, target, f"{does} (method: {best.method})", findings, blockers=_distinct(found)
    )
    return await _estimated(plain, every, best) if context.estimating else plain


def _begun(restore: Restore, earlier: RestoreProgress | None) -> MethodName | None:
    """The method of an interrupted run, if this restore would take it too."""
    if earlier is None or earlier.stage not in ("asked", "creating", "writing", "loaded"):
        return None
    acceptable = BY_AUTO if restore.method == "auto" else (restore.method,)
    return next((name for name in RESTORE_METHODS if name == earlier.method and name in acceptable), None)


def _continues(job: RestoreJob, begun: MethodName | None, earlier: RestoreProgress | None) -> bool:
    return begun is not None and earlier is not None and RESTORE_METHODS[begun].continues(job, earlier)


async def _with_started_job(job: RestoreJob, begun: MethodName | None) -> RestoreJob:
    """The job with what an earlier run of this restore started inside AWS, though this machine may have forgotten it.

    A preview only looks: whoever runs it may not be allowed to list jobs.
    """
    name = begun or next((name for name in RESTORE_METHODS if name == job.restore.method), None)
    method = RESTORE_METHODS[name] if name is not None else None
    if job.context.estimating or method is None or method.find_started is None:
        return job
    started = await method.find_started(job)
    return replace(job, started=started, continues=job.continues or started is not None)


def _judged_by(job: RestoreJob, begun: MethodName | None) -> MethodInputs:
    """A table that AWS made for an earlier run of this restore is not in its own way."""
    inputs = job.resolved.inputs
    makes_table = begun is not None and RESTORE_METHODS[begun].makes_table
    if job.continues and (makes_table or (job.started is not None and job.restore.method == "import")):
        return replace(inputs, target_description=None)
    return inputs


def _best(every: Sequence[Candidate], begun: MethodName | None) -> Candidate:
    if begun is not None:
        same = next(each for each in every if each.method == begun)
        return replace(same, chosen=True, because="an earlier run began with it")
    return next(each for each in every if each.chosen)


async def _look_closer(job: RestoreJob, best: Candidate) -> tuple[RestoreJob, list[Blocker]]:
    """What only reading the bucket, the target and AWS's jobs shows; a preview reads no item."""
    context, resolved, method = job.context, job.resolved, RESTORE_METHODS[best.method]
    found: list[Blocker] = []
    if resolved.backup is not None and not method.from_live:
        files = await context.call(list_data_files, context.source.objects, resolved.backup.opened)
        job = replace(job, data_files=files)
        found += files_missing(files, resolved.backup.label)
        found += foreign_objects(files) if method.reads_folder else ()
        if resolved.target is None and (encryption := refused_encryption(resolved)) is not None:
            found.append(Blocker(encryption))
    if not method.makes_table:
        found += await _target_blockers(job)
    if not context.estimating and not found:
        try:
            if job.data_files is not None and not method.reads_folder and not job.continues:
                await context.heavy(
                    refuse_other_items,
                    context.source.objects,
                    job.data_files,
                    resolved.target,
                    resolved.description,
                )
        except DdbBackupError as error:
            found.append(Blocker(error))
    return job, found


async def _target_blockers(job: RestoreJob) -> list[Blocker]:
    """Of a target that exists and that the method writes into."""
    context, restore, target = job.context, job.restore, job.resolved.target
    if target is None or job.continues:
        return []
    if restore.target.create == "new" and not created_by(job.state.read(), target.table_id):
        return [blockers.must_not_exist(job.target)]
    found: list[Blocker] = []
    if job.resolved.backup is not None:
        try:
            refuse_other_keys(job.resolved.backup, target)
        except DdbBackupError as error:
            found.append(Blocker(error))
    if restore.existing == "fail" or restore.target.create == "new":
        if context.estimating:
            holds_items = target.item_count > 0
        else:
            ask = AwsCaller(context, job.cloud)
            await wait_for_table(ask, job.target, until="writable")
            holds_items = await ask("Scan", lambda cloud: cloud.tables.holds_items(job.target))
        if holds_items:
            found.append(blockers.must_be_empty(job.target))
    return found


def _distinct(found: Sequence[Blocker]) -> tuple[Blocker, ...]:
    return tuple({blocker.message: blocker for blocker in found}.values())


def _overwrites_its_source(resolved: ResolvedRestore, restore: Restore) -> bool:
    return restore.existing == "overwrite" and resolved.target_arn == resolved.table_arn


def _is_done(earlier: RestoreProgress | None, context: RunContext, resolved: ResolvedRestore) -> bool:
    """By this very run, and the table is still the same."""
    if earlier is None or resolved.target is None:
        return False
    same = earlier.table_id == resolved.target.table_id
    return earlier.stage == "done" and earlier.run == context.run_id and same


def _root(resolved: ResolvedRestore) -> str:
    """What tells sources apart: the export's folder, or the live table and the time."""
    if resolved.backup is not None:
        return f"{resolved.backup.opened.folder.bucket}/{resolved.backup.opened.folder.root}"
    time = resolved.live.time if resolved.live is not None else None
    return f"{resolved.table_arn}@{to_iso(time) or 'latest'}"


# ---- what only a preview shows


async def _estimated(
    plain: Assessment[RestoreFindings], every: Sequence[Candidate], best: Candidate
) -> Assessment[RestoreFindings]:
    """The same with size, time, cost, every method, and what becomes of each setting."""
    findings = plain.findings
    job, context = findings.job, findings.job.context
    resolved, estimate = job.resolved, best.estimate
    made = resolved.target is None or RESTORE_METHODS[best.method].makes_table
    return replace(
        plain,
        items=resolved.inputs.items,
        size_bytes=_size(resolved),
        seconds=estimate.seconds if estimate else None,
        seconds_basis=estimate.basis if estimate else "nothing is known of the size of the items",
        cost=best.cost,
        warnings=tuple(await context.call(lambda: list(_warnings(job)))),
        facts={
            "backup": resolved.label,
            "method": best.method,
            "because": best.because,
            "target": _target(resolved),
            "candidates": [_candidate(each) for each in every],
            "settings": await foreseen_settings(context, resolved, made=made),
        },
    )


def _warnings(job: RestoreJob) -> Iterator[str]:
    target = job.resolved.target
    if target is None:
        return
    if job.restore.existing == "fail" and not target.item_count:
        yield (
            f"DynamoDB's last count of {job.target}, up to six hours old, is 0 items; the run looks again before it "
            "writes, and refuses a table that holds any"
        )
    yield from warnings_of(look_at_target(job.cloud, target), overwrites=job.restore.existing == "overwrite")


def _size(resolved: ResolvedRestore) -> int | None:
    """Of the table when it was backed up, as DynamoDB counted it; exports are compressed, and do not tell it."""
    return int(resolved.description.get("TableSizeBytes") or 0) or None


def _target(resolved: ResolvedRestore) -> str:
    identity = resolved.cloud.identity
    where = f"in account {identity.account}, region {identity.region}"
    return f"exists {where}" if resolved.target is not None else f"will be created {where}"


def _candidate(candidate: Candidate) -> dict[str, Any]:
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
