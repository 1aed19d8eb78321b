"""A part of the fault suite; `make test-faults` plays all of it. The laws are in docs/reliability.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ddbbackup.sandbox.server import Sandbox
from tests.faults.enabled import IN_MAKE_TEST
from tests.faults.laws import EXIT_CODES, STATUS_EXIT_CODES
from tests.faults.page import BEGIN, END, KINDS, PAGE
from tests.faults.scenarios import SCENARIOS
from tests.faults.scenarios.answers import ANSWERED
from tests.faults.suite import play
from tests.faults.works import WORKS
from tests.faults.world import Servers
from tests.support.launcher import Launcher
from tests.support.receiver import receiver


@pytest.fixture(scope="session")
def shared(running_sandbox: Sandbox) -> Iterator[Servers]:
    """What scenarios share: this process's sandbox, a launcher and a receiver."""
    with Launcher() as launcher, receiver() as received:
        yield Servers(running_sandbox, launcher, received)


@pytest.mark.parametrize(
    ("name", "seed"), IN_MAKE_TEST, ids=[f"{name}-{seed}" for name, seed in IN_MAKE_TEST]
)
def test_the_laws_hold(shared: Servers, name: str, seed: int) -> None:
    """After a fault and after the run that follows it."""
    played = play(shared, SCENARIOS[name], seed)
    broken = [f"{violation.law}: {violation.detail}" for violation in played.violations]
    assert not broken, "\n".join([*broken, played.trace, played.rerun])


def test_the_law_about_exit_codes_is_the_one_that_is_checked() -> None:
    """The page promises what the suite checks."""
    (law,) = re.findall(
        r"\*\*Every run ends\*\*, with exit code ([0-9, ]+) or (\d+), `status` also with (\d+)",
        PAGE.read_text(encoding="utf-8"),
    )
    common, last, of_status = law
    codes = {*map(int, common.split(", ")), int(last)}
    assert codes == EXIT_CODES
    assert codes | {int(of_status)} == STATUS_EXIT_CODES


def test_the_suite_has_its_size() -> None:
    """At least 200 scenarios, each of a kind that the page explains."""
    assert len(SCENARIOS) >= 200
    assert {scenario.fault for scenario in SCENARIOS.values()} == set(KINDS)


def test_every_operation_meets_broken_answers() -> None:
    """In one work at least: `no-fault` scenarios hold that the works name what the program uses."""
    used = {operation for work in WORKS.values() for operation in work.operations}
    assert used - {operation for operations in ANSWERED.values() for operation in operations} == set()


def test_the_figures_have_their_place() -> None:
    """`make test-faults` writes between these marks."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
