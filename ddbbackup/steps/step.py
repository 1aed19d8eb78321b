"""What a step is, what it may ask of the executor, and what comes out of it.

A step is a frozen description of one thing that an operator would retry. Its ``run`` is a generator: it
yields a ``Wait`` or a ``Future`` whenever something takes time, and the executor resumes it when that is
over, so that a thousand exports are waited for by one loop and tests need not sleep.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ddbbackup.model.outcome import Outcome

if TYPE_CHECKING:
    from ddbbackup.model.assessment import Assessment
    from ddbbackup.steps.context import RunContext

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """Resume me after so many seconds."""

    seconds: float


Work = Generator[Wait | Future[Any], Any, Outcome]
"""A running step. Both kinds of yield are answered: a ``Wait`` with None, a ``Future`` with its result."""


class Step(Protocol):
    """One kind of step a file; the registry in ``steps/__init__`` lists them."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the steps that must be done first."""

    def assess(self, context: RunContext) -> Assessment:
        """What ``run`` will do and what is in its way. Only reads, blocks, raises no error of ours."""

    def run(self, context: RunContext) -> Work: ...


class Calls(Protocol):
    """Runs blocking work beside the loop; the answer comes as a future."""

    def call(self, work: Callable[[], T]) -> Future[T]:
        """One short call to AWS."""

    def heavy(self, work: Callable[[], T]) -> Future[T]:
        """Long work that keeps a core or the network busy; few run at a time."""
