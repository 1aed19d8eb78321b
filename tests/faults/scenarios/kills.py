"""SIGKILL at every request and at random times; signals that a run may answer."""

from __future__ import annotations

import signal
import time
from typing import Final

from tests.faults.model import Scenario
from tests.faults.works import WORKS, Work, first_arguments, run_again
from tests.faults.world import World

_KILLED: Final = (
    "backup",
    "window",
    "scan",
    "snapshot",
    "wait",
    "prune",
    "write",
    "write-fail",
    "write-keep",
    "mirror",
    "chain",
    "settings",
    "import",
    "bulk-put",
    "point-in-time",
)
_SIGNALLED: Final = tuple(
    name for name in _KILLED if name not in ("wait", "prune", "snapshot", "write-keep", "settings")
)


def _play_boundary(world: World, scenario: Scenario) -> None:
    """Killed at request N, before AWS sees it or after AWS carried it out; then the same again."""
    work = WORKS[scenario.work]
    work.prepare(world)
    stride = _stride(work)
    number = int(scenario.point) + world.seed % stride
    after = bool(world.seed // stride % 2) if stride == 2 else world.random.random() < 0.5
    first = world.run_killed_at(number, *first_arguments(work), after=after)
    _continue(world, work, scenario, ended=first.code == 0 or _had_ended(world, work))


def _play_random_time(world: World, scenario: Scenario) -> None:
    """Killed at any time, twice, and with pauses in which AWS goes on."""
    work = WORKS[scenario.work]
    work.prepare(world)
    ended = False
    for _ in range(world.random.choice((1, 2))):
        running = world.start(*first_arguments(work))
        time.sleep(world.random.uniform(0.15, 1.6))
        running.kill()
        first = running.finish()
        ended = first.code == 0
        time.sleep(world.random.choice((0, 0, 0.3)))
    _continue(world, work, scenario, ended=ended or _had_ended(world, work))


def _play_signal(world: World, scenario: Scenario) -> None:
    """SIGTERM, SIGINT or SIGHUP in the middle: the run ends soon, with a code that says so."""
    work = WORKS[scenario.work]
    work.prepare(world)
    number = getattr(signal, scenario.point)
    running = world.start(*first_arguments(work))
    time.sleep(world.random.uniform(0.3, 1.0))
    running.signal(number)
    first = running.finish(seconds=30)
    allowed = {0, 128 + number, 143, -number}
    world.require(first.code in allowed, "a signal ends the run", f"{scenario.point}: {first}")
    _continue(world, work, scenario, ended=first.code == 0)


def _continue(world: World, work: Work, scenario: Scenario, *, ended: bool) -> None:
    if ended:
        work.check(world)
    run_again(world, work, scenario.then, finished=ended)


def _had_ended(world: World, work: Work) -> bool:
    """A restore that was killed after its last change is complete: the next one finds its target full."""
    return work.refuses_full_target and world.holds(work.check)


def _stride(work: Work) -> int:
    """A scenario stands for two neighbouring requests, each before and after: four of five seeds kill at all.

    Works with many requests have five for each scenario.
    """
    return 2 if work.requests <= 60 else 5


SCENARIOS: Final = (
    *(
        Scenario("kill", name, f"{number:02d}", _play_boundary)
        for name in _KILLED
        for number in range(0, WORKS[name].requests, _stride(WORKS[name]))
    ),
    *(
        Scenario("kill-at-random", name, f"{number}", _play_random_time)
        for name in _KILLED
        for number in range(2)
    ),
    *(
        Scenario("signal", name, number, _play_signal)
        for name in (
            "backup",
            "window",
            "scan",
            "write",
            "write-fail",
            "chain",
            "import",
            "bulk-put",
            "point-in-time",
        )
        for number in ("SIGTERM", "SIGINT", "SIGHUP")
    ),
)
