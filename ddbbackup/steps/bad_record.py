"""A record of the catalog that cannot be used, as a step that fails, so that the report and the exit code show it."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.catalog import BadRecord
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.context import RunContext


@dataclass(frozen=True, slots=True)
class ReportBadRecord:
    """Fails with what is wrong with the record; the steps of other records go on."""

    bad: BadRecord
    kind: str = "record"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.bad.table

    @property
    def id(self) -> str:
        return f"record {self.bad.id} of {self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        does = "nothing: the record cannot be used"
        return Assessment(self.id, self.kind, self.table, does, None, blockers=(Blocker(self.bad.error),))

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        raise self.bad.error
