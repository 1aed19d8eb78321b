"""Restore one table: look at source and target, choose a method, let it load the data, tell what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import AccessDenied, Refused
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Restore
from ddbbackup.restore.assessment import assess_restore
from ddbbackup.restore.method import LoadResult, RestoreJob
from ddbbackup.restore.method_selection import BY_AUTO, Candidate, MethodName, candidates, chosen
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.put_back import put_back
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.restore.state import Progress, RestoreState, mark, resumable
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import Permission
from ddbbackup.times import to_iso

log = structlog.get_logger()

PERMISSIONS: Final = (Permission("dynamodb:DescribeTable", "target", ("restore", "read")),)


@dataclass(frozen=True, slots=True)
class RestoreTable:
    """``target`` is the table's rendered name; ``confirmed``: somebody agreed to overwrite the live source."""

    restore: Restore
    target: str
    confirmed: bool = False
    kind: str = "restore"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.target

    @property
    def id(self) -> str:
        return f"restore {self.restore.name}"

    @property
    def does(self) -> str:
        """One line for people: what ``run`` will do."""
        if self.restore.method == "point-in-time":
            return f"restore the past of {self.restore.table} into {self.target}"
        verb = {
            "fail": "put every item into",
            "overwrite": "put every item over what is in",
            "keep": "put what is missing into",
        }[self.restore.existing]
        return f"{verb} {self.target} from the backup of {self.restore.table}"

    async def assess(self, context: RunContext) -> Assessment[ResolvedRestore]:
        return await assess_restore(self, context)

    async def run(self, context: RunContext, assessment: Assessment[ResolvedRestore]) -> Outcome:
        found = assessment.findings
        self._refuse_unconfirmed(found)
        state = RestoreState(context.state_dir, target_arn=found.target_arn, backup_root=_root(found))
        job = RestoreJob(context, self.restore, self.target, found, state)
        left = state.read()
        if left and _is_done(left, context, found):
            return Outcome(self.id, self.kind, self.table, "unchanged", {"backup": found.label})
        loaded = await self._load(job, left)
        facts = dict(loaded.facts)
        mark(state, state.read(), stage="loaded", now=context.clock.now(), loaded=facts)
        log.info(events.RESTORE_COMPLETED, **facts)
        made = found.target is None or RESTORE_METHODS[loaded.facts["method"]].makes_table
        settings = await put_back(job, loaded.table, made=made)
        facts["settings"] = settings.told
        if settings.error is not None:
            return Outcome(self.id, self.kind, self.table, "failed", facts, settings.error)
        mark(state, state.read(), stage="done", now=context.clock.now())
        return Outcome(self.id, self.kind, self.table, "done", facts)

    async def _load(self, job: RestoreJob, left: Progress | None) -> LoadResult:
        """All data into the target, by the method of an interrupted run if there is one, else by the chosen one."""
        context, found = job.context, job.found
        method, because = self._begun(left)
        if method is None:
            every = candidates(found.inputs, context.prices)
            method, because = _wanted(context, found, every)
        log.info(events.METHOD_CHOSEN, method=method, because=because, target=self.target)
        if left and left.stage == "loaded" and left.loaded and _continues(left, job, method):
            return LoadResult((await context.call(job.cloud.tables.describe, self.target)), left.loaded)
        if RESTORE_METHODS[method].experimental:
            log.warning(
                events.TARGET_WARNED, target=self.target, message=RESTORE_METHODS[method].experimental
            )
        try:
            loaded = await RESTORE_METHODS[method].load(job)
        except AccessDenied as error:
            if self.restore.method != "auto" or method != "import" or _has_job(job):
                raise
            method = "write"
            because = f"the chosen import may not be started: {error.message}"
            log.warning(events.METHOD_CHOSEN, method=method, because=because, target=self.target)
            loaded = await RESTORE_METHODS[method].load(job)
        return LoadResult(loaded.table, {"backup": found.label, "method": method, **loaded.facts})

    def _begun(self, left: Progress | None) -> tuple[MethodName | None, str]:
        if left is None or left.stage not in ("asked", "creating", "writing", "loaded"):
            return None, ""
        wanted = BY_AUTO if self.restore.method == "auto" else (self.restore.method,)
        found = next((name for name in RESTORE_METHODS if name == left.method and name in wanted), None)
        return found, "an earlier run began with it" if found else ""

    def _refuse_unconfirmed(self, found: ResolvedRestore) -> None:
        if (
            self.restore.existing == "overwrite"
            and found.target_arn == found.table_arn
            and not self.confirmed
        ):
            raise Refused(
                f"{self.target} is the live table that the backup was made of, and `existing: overwrite` "
                "would put every backed-up item over what is there now",
                hint="say --yes if that is what you want, or restore to another table name",
            )


def _wanted(
    context: RunContext, found: ResolvedRestore, every: tuple[Candidate, ...]
) -> tuple[MethodName, str]:
    """What the plan, or ``auto``, chooses. Raises what is in its way.

    A method that makes its own table decides by itself whether a table that is there is its own.
    """
    best = next(each for each in every if each.chosen)
    if found.target is not None and RESTORE_METHODS[best.method].makes_table:
        every = candidates(replace(found.inputs, target_description=None), context.prices)
    return chosen(every).method, best.because


def _continues(left: Progress, job: RestoreJob, method: MethodName) -> bool:
    target = job.found.target
    return target is not None and resumable(
        left,
        run=job.context.run_id,
        existing=job.restore.existing,
        method=method,
        table_id=target.table_id,
        now=job.context.clock.now(),
    )


def _has_job(job: RestoreJob) -> bool:
    left = job.state.read()
    return left is not None and left.job_arn is not None


def _is_done(left: Progress, context: RunContext, found: ResolvedRestore) -> bool:
    """By this very run, and the table is still the same."""
    same = found.target is not None and left.table_id == found.target.table_id
    return left.stage == "done" and left.run == context.run_id and same


def _root(found: ResolvedRestore) -> str:
    """What tells sources apart: the export's folder, or the live table and the time."""
    if found.backup is not None:
        return f"{found.backup.opened.folder.bucket}/{found.backup.opened.folder.root}"
    assert found.live is not None, "a survey has a source"
    return f"{found.live.table_arn}@{to_iso(found.live.time) or 'latest'}"
