"""The step: one unit of work that an operator would retry, described by a frozen value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from ddbbackup.model.assessment import Assessment
    from ddbbackup.model.outcome import Outcome
    from ddbbackup.steps.context import RunContext

F = TypeVar("F")


class Step(Protocol[F]):
    """One kind of step. ``F`` is the type of its findings: what ``assess`` passes to ``run``."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """The IDs of steps of the same run that must succeed first."""

    async def assess(self, context: RunContext) -> Assessment[F]:
        """What ``run`` will do and what blocks it. Only reads.

        An error that it raises blocks the step too: ``steps.assessing`` turns it into a blocker.
        """

    async def run(self, context: RunContext, assessment: Assessment[F]) -> Outcome:
        """Carries out an assessment. The executor has checked that nothing blocks it, except ``after_run``."""


AnyStep: TypeAlias = Step[Any]
"""A step of any kind: the executor passes its findings from ``assess`` to ``run`` without looking at them."""
