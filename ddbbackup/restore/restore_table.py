"""Restore one table: the data by one of the methods, then the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import structlog

from ddbbackup import events
from ddbbackup.errors import AccessDenied
from ddbbackup.model.assessment import Assessment
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Restore
from ddbbackup.restore.assessment import RestoreFindings, assess_restore
from ddbbackup.restore.method import LoadResult, RestoreJob
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.restore.put_back import put_back
from ddbbackup.restore.state import mark
from ddbbackup.steps.context import RunContext

log = structlog.get_logger()


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
        source, target = self.restore.table, self.target
        if self.restore.method == "point-in-time":
            return f"restore {target} from the point-in-time recovery of {source}"
        match self.restore.existing:
            case "mirror":
                return f"make {target} equal to the backup of {source}"
            case "fail":
                return f"write every item of the backup of {source} to {target}"
            case "overwrite":
                return f"overwrite {target} with every item of the backup of {source}"
            case "keep":
                return f"write the items that {target} lacks from the backup of {source}"
            case _:
                assert_never(self.restore.existing)

    async def assess(self, context: RunContext) -> Assessment[RestoreFindings]:
        return await assess_restore(
            context,
            self.restore,
            self.target,
            confirmed=self.confirmed,
            step=self.id,
            kind=self.kind,
            does=self.does,
        )

    async def run(self, context: RunContext, assessment: Assessment[RestoreFindings]) -> Outcome:
        findings = assessment.findings
        job, resolved = findings.job, findings.job.resolved
        if findings.done:
            return Outcome(self.id, self.kind, self.table, "unchanged", {"backup": resolved.label})
        loaded = await self._load(findings)
        facts = dict(loaded.facts)
        mark(job.state, job.state.read(), stage="loaded", now=context.clock.now(), loaded=facts)
        log.info(events.RESTORE_COMPLETED, **facts)
        made = resolved.target is None or RESTORE_METHODS[loaded.facts["method"]].makes_table
        settings = await put_back(job, loaded.table, made=made)
        facts["settings"] = settings.told
        if settings.error is not None:
            return Outcome(self.id, self.kind, self.table, "failed", facts, settings.error)
        mark(job.state, job.state.read(), stage="done", now=context.clock.now())
        return Outcome(self.id, self.kind, self.table, "done", facts)

    async def _load(self, findings: RestoreFindings) -> LoadResult:
        """All data into the target, by the method of the assessment."""
        job, method = findings.job, findings.method
        log.info(events.METHOD_CHOSEN, method=method, because=findings.because, target=self.target)
        if findings.is_loaded and findings.earlier is not None and findings.earlier.loaded:
            table = await job.context.call(job.cloud.tables.describe, self.target)
            return LoadResult(table, findings.earlier.loaded)
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
        return LoadResult(loaded.table, {"backup": job.resolved.label, "method": method, **loaded.facts})


def _has_job(job: RestoreJob) -> bool:
    left = job.state.read()
    return left is not None and left.job_arn is not None
