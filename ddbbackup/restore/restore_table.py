"""Restore one table: the items by one of the methods, then the settings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import assert_never

import structlog

from ddbbackup import events
from ddbbackup.bulk.compare import PointComparison
from ddbbackup.catalog.archived import ArchivedObjects
from ddbbackup.errors import AccessDenied
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.json_value import Json
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Restore
from ddbbackup.ports import RetrievalTier
from ddbbackup.restore.assessment import assess_restore
from ddbbackup.restore.findings import RestoreFindings, RestoreRequest
from ddbbackup.restore.incomplete import incompleteness
from ddbbackup.restore.later_indexes import add_indexes
from ddbbackup.restore.lease import renewed
from ddbbackup.restore.method import LoadResult, RestoreJob
from ddbbackup.restore.method_selection import MethodName
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.nothing_matched import matched_nothing
from ddbbackup.restore.preview_details import notes_on_new_table
from ddbbackup.restore.progress import save_progress, was_created
from ddbbackup.restore.recorded_capacity import switch_capacity
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.retrieval import retrieve_objects
from ddbbackup.restore.settings import apply_settings
from ddbbackup.restore.target import prepare_target
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RestoreTable:
    """``target`` is the rendered table name. ``confirmed``: the user agreed to overwrite the live source table.

    ``retrieve``: the run asks S3 for archived objects. ``adopts``: the run may continue with a table that no run has
    recorded, if AWS proves whose it is. ``accepts_incomplete``: of a damaged backup, what can be proven is restored.
    ``allowed_deletes``: how many items `existing: mirror` may delete, whatever the plan says. ``comparison``: the one
    that the user was shown; ``run`` closes it. ``passed_over``: newer backups that cannot be restored, as the user
    was told before the restore point was named by its ID.
    """

    restore: Restore
    target: str
    confirmed: bool = False
    adopts: bool = False
    accepts_incomplete: bool = False
    retrieve: RetrievalTier | None = None
    allowed_deletes: int | None = None
    comparison: PointComparison | None = None
    passed_over: tuple[str, ...] = ()
    kind: str = "restore"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.target

    @property
    def id(self) -> str:
        return f"restore {self.restore.name}"

    @property
    def summary(self) -> str:
        """What ``run`` does, in one line for people."""
        source, target, origin = self.restore.table, self.target, self.restore.origin
        if origin is not None:
            source = f"{source} ({origin})"
        if self.restore.schema_only:
            return f"make {target} like {source} in the backup, without items"
        if self.restore.method == "point-in-time":
            return f"restore {target} from the point-in-time recovery of {source}"
        if self.restore.method == "snapshot":
            return f"restore {target} from an on-demand backup of {source}"
        match self.restore.existing:
            case "fail":
                return f"write every item of the backup of {source} to {target}"
            case "overwrite":
                return f"overwrite {target} with every item of the backup of {source}"
            case "keep":
                return f"write the items that {target} lacks from the backup of {source}"
            case "mirror":
                return (
                    f"make {target} equal to the backup of {source}: write what differs, delete what is extra"
                )
            case _:
                assert_never(self.restore.existing)

    async def assess(self, context: RunContext) -> Assessment[RestoreFindings | ArchivedObjects]:
        """Finds archived objects if the run must ask S3 for them first."""
        request = RestoreRequest(
            self.restore,
            self.target,
            self.confirmed,
            self.adopts,
            self.retrieve,
            self.accepts_incomplete,
            self.allowed_deletes,
            self.comparison,
            step=self.id,
            kind=self.kind,
            summary=self.summary,
        )
        return await assess_restore(context, request)

    async def run(
        self, context: RunContext, assessment: Assessment[RestoreFindings | ArchivedObjects]
    ) -> Outcome:
        findings = assessment.findings
        if isinstance(findings, ArchivedObjects):
            await retrieve_objects(context, findings, self.retrieve or "standard")
            return Outcome(self.id, self.kind, self.table, "started", {"objects": len(findings.resting)})
        state = findings.job.state
        try:
            async with renewed(state):
                return await self._restore(context, findings)
        finally:
            await asyncio.shield(context.call(state.release))

    async def _restore(self, context: RunContext, findings: RestoreFindings) -> Outcome:
        job, resolved = findings.job, findings.job.resolved
        facts: dict[str, Json]
        if findings.done:
            facts = {**resolved.source_facts, **self._older_backup(resolved)}
            return Outcome(self.id, self.kind, self.table, "unchanged", facts)
        method, loaded = await self._load(findings)
        facts = {
            **_place(job),
            **resolved.source_facts,
            "method": method,
            **loaded.facts,
            **self._older_backup(resolved),
        }
        await save_progress(job, "loaded", method=method, loaded=facts)
        if loaded.shortfall is None:
            log.info(events.RESTORE_COMPLETED, **facts)
        table = await add_indexes(job, loaded.table, method=method)
        created = RESTORE_METHODS[method].creates_table or await was_created(job, table)
        table = await switch_capacity(job, table, created=created)
        settings = await apply_settings(context, resolved, table, created=created)
        facts["settings"] = settings.facts
        if settings.error is not None:
            return Outcome(self.id, self.kind, self.table, "failed", facts, settings.error)
        if (lost := loaded.shortfall or incompleteness(facts, target=self.target)) is not None:
            return Outcome(self.id, self.kind, self.table, "failed", facts, lost)
        if not matched_nothing(facts):
            await save_progress(job, "done", method=method)
        if new_table := notes_on_new_table(job, created=created):
            earlier = facts.get("notes")
            facts["notes"] = [*(earlier if isinstance(earlier, list) else ()), *new_table]
        return Outcome(self.id, self.kind, self.table, "done", facts)

    def _older_backup(self, resolved: ResolvedRestore) -> dict[str, Json]:
        """Why the newest backup is not the one that is restored, although nobody asked for an older one."""
        passed_over = self.passed_over or resolved.passed_over
        return {"passed_over": list(passed_over), "existing": self.restore.existing} if passed_over else {}

    async def _load(self, findings: RestoreFindings) -> tuple[MethodName, LoadResult]:
        """Loads all data into the target, and returns the method that was used."""
        job, method = findings.job, findings.method
        log.info(events.METHOD_CHOSEN, method=method, because=findings.reason, target=self.target)
        if self.restore.schema_only:
            return method, LoadResult(await prepare_target(job, method=method))
        if findings.is_loaded and findings.earlier is not None and findings.earlier.loaded:
            table = await job.context.call(job.cloud.tables.describe, self.target)
            return method, LoadResult(table, findings.earlier.loaded)
        if RESTORE_METHODS[method].experimental:
            log.warning(
                events.TARGET_WARNED, target=self.target, message=RESTORE_METHODS[method].experimental
            )
        try:
            return method, await RESTORE_METHODS[method].load(job)
        except AccessDenied as error:
            if self.restore.method != "auto" or method != "import" or await _has_remote_job(job):
                raise
            reason = f"the import was denied: {error.message}"
        method = "write"
        log.warning(events.METHOD_CHOSEN, method=method, because=reason, target=self.target)
        return method, await RESTORE_METHODS[method].load(job)


async def _has_remote_job(job: RestoreJob) -> bool:
    saved = await job.context.call(job.state.read)
    return saved is not None and saved.job_arn is not None


def _place(job: RestoreJob) -> dict[str, Json]:
    """Where the target is, if it is elsewhere: the report of a run names the account and Region of the plan."""
    here, there = job.context.source.identity, job.cloud.identity
    if here.account != there.account:
        return {"into": f"{there.account}/{there.region}"}
    return {"into": there.region} if here.region != there.region else {}
