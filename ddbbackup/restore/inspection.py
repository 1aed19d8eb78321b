"""What the bucket and the target say against a restore that the plan allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import DataIncomplete, DdbBackupError, ObjectMissing, Refused
from ddbbackup.model.assessment import Blocker
from ddbbackup.ports import RetrievalTier, TableFacts
from ddbbackup.restore import blockers
from ddbbackup.restore.compatibility import check_first_item
from ddbbackup.restore.damaged_hint import damaged_hint
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_selection import MethodName
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.restore_progress import RESUMABLE
from ddbbackup.restore.retrieval import archived_blockers
from ddbbackup.restore.settings import encryption_refusal
from ddbbackup.restore.state import created_by
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.sources.data_files import DataFiles, list_data_files
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.table_wait import wait_for_table


async def inspect(
    job: RestoreJob, name: MethodName, *, retrieve: RetrievalTier | None
) -> tuple[RestoreJob, list[Blocker]]:
    """Reads the bucket and the target for further blockers. A preview reads no item."""
    context, resolved, method = job.context, job.resolved, RESTORE_METHODS[name]
    if job.restore.schema_only:
        return job, [*_creation_blockers(resolved), *await _target_blockers(job)]
    found: list[Blocker] = []
    if resolved.backup is not None and not method.uses_live_table:
        backup = resolved.backup
        data_files = await context.call(
            list_data_files, context.source.objects, backup.opened, backup.windows
        )
        job = replace(job, data_files=data_files)
        if data_files.missing and not job.accepts_incomplete:
            hint = await context.call(damaged_hint, job)
            found += blockers.missing_files(data_files, resolved.backup.label, hint)
        found += blockers.unexpected_objects(data_files) if method.reads_folder else ()
        found += _creation_blockers(resolved)
        found += _archived_blockers(job, data_files, retrieve)
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
        except (DataIncomplete, ObjectMissing) as error:
            if not job.accepts_incomplete:
                hint = await context.call(damaged_hint, job)
                found.append(Blocker(DataIncomplete(error.message, hint=hint)))
        except DdbBackupError as error:
            found.append(Blocker(error))
    return job, found


async def find_quota_blockers(job: RestoreJob, name: MethodName) -> list[Blocker]:
    """Why AWS would not start the job of the method now. A job that runs already is not stopped by quotas."""
    find = RESTORE_METHODS[name].find_quota_blockers
    if find is None or job.continues or job.data_files is None:
        return []
    return list(await find(job))


def _archived_blockers(
    job: RestoreJob, data_files: DataFiles, retrieve: RetrievalTier | None
) -> Iterator[Blocker]:
    if data_files.archived is not None and job.resolved.backup is not None:
        yield from archived_blockers(
            data_files.archived,
            job.resolved.backup.label,
            restore=job.restore.name,
            retrieve=retrieve,
            now=job.context.clock.now(),
        )


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
    if restore.target.create == "new":
        saved = await job.context.call(job.state.read)
        if not created_by(saved, target.table_id):
            return [blockers.target_exists(job.target)]
    found: list[Blocker] = []
    keys = recorded_keys(job.resolved.description) if job.resolved.backup is not None else ()
    if keys and keys != target.keys:
        found.append(blockers.other_key_schema(job.target, target.keys, keys))
    must_be_empty = restore.existing == "fail" or restore.target.create == "new"
    if must_be_empty and not restore.schema_only and await _holds_items(job):
        run = await _restored_by(job, target)
        found.append(
            blockers.target_holds_items(job.target)
            if run is None
            else blockers.target_was_restored(job.target, run)
        )
    return found


async def _restored_by(job: RestoreJob, target: TableFacts) -> str | None:
    """The run that restored this backup into the target a short while ago."""
    saved, now = await job.context.call(job.state.read), job.context.clock.now()
    if saved is None or saved.stage != "done" or abs(now - saved.updated_at) > RESUMABLE:
        return None
    same = saved.source == job.resolved.source_key and saved.table_id == target.table_id
    return saved.run if same and saved.run != job.context.run_id else None


async def _holds_items(job: RestoreJob) -> bool:
    if job.context.estimating:
        return job.resolved.target is not None and job.resolved.target.item_count > 0
    call_aws = AwsCaller(job.context, job.cloud)
    await wait_for_table(call_aws, job.target, until="writable")
    return await call_aws("Scan", lambda cloud: cloud.tables.holds_items(job.target))
