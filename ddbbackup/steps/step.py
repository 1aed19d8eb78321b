"""What a step is: one thing that an operator would retry, described by a frozen value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from ddbbackup.model.assessment import Assessment
    from ddbbackup.model.outcome import Outcome
    from ddbbackup.steps.context import RunContext

F = TypeVar("F")


class Step(Protocol[F]):
    """One kind of step. ``F`` is what its assessment found out and its run goes on with."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the steps of the same run that must be done first."""

    async def assess(self, context: RunContext) -> Assessment[F]:
        """What ``run`` will do and what blocks it. Only reads.

        May raise an error of ours: that is what blocks the step (``steps.assessing`` makes a blocker of it).
        """

    async def run(self, context: RunContext, assessment: Assessment[F]) -> Outcome:
        """Carries out an assessment that nothing blocks, or only what blocks it ``after_run``."""
