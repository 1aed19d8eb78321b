"""A scenario as data: what runs, which fault it meets and where, and what is run afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.faults.world import World

Then = Literal["same", "other-run", "other-machine", "wait", "any", "nothing"]
"""What is run after the fault: the same command again, with another run id, on another machine, or `wait`.

``any`` lets the seed choose between those that fit.
"""


@dataclass(frozen=True)
class Scenario:
    """``work`` names what runs (``works.WORKS``), ``point`` the operation, request number or detail of the fault.

    ``play`` carries it out; everything it draws comes from ``world.random``, so that name and seed repeat it.
    """

    fault: str
    work: str
    point: str
    play: Callable[[World, Scenario], None]
    then: Then = "any"

    @property
    def name(self) -> str:
        return "/".join(part for part in (self.fault, self.work, self.point) if part)


@dataclass(frozen=True)
class Violation:
    """One law that did not hold. ``law`` groups violations in the report."""

    law: str
    detail: str


@dataclass(frozen=True)
class Played:
    """One scenario with one seed, carried out."""

    name: str
    fault: str
    seed: int
    seconds: float
    runs: int
    violations: tuple[Violation, ...]
    trace: str = ""

    @property
    def rerun(self) -> str:
        return f"make test-faults SCENARIO={self.name} SEED={self.seed}"
