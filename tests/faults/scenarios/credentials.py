"""Credentials that expire in the middle: every request signed with the old key is refused from then on."""

from __future__ import annotations

from typing import Final

from tests.faults.broken_answers import expired
from tests.faults.model import Scenario
from tests.faults.works import WORKS, first_arguments, run_again
from tests.faults.world import SECRET_KEY, SESSION_TOKEN, World
from tests.support.aws_proxy import Fault, Request

_PROFILE: Final = (
    "[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\naws_session_token = {token}\n"
)
_OLD, _NEW = "AKIAOLDKEY000000", "AKIANEWKEY000000"


def _play(world: World, scenario: Scenario) -> None:
    """The user signs in again at that moment (`renewed`) or only before the next run (`late`)."""
    work = WORKS[scenario.work]
    work.prepare(world)
    when, _, number = scenario.point.partition("-")
    file = world.directory / "credentials"
    fault = expired(world.random)
    base = len(world.proxy.requests)
    skip = int(number) + 2 * (world.seed - 1)

    def sign_in(key: str) -> None:
        file.write_text(_PROFILE.format(key=key, secret=SECRET_KEY, token=SESSION_TOKEN))

    def rule(request: Request) -> Fault | None:
        if request.number - base < skip or request.access_key != _OLD:
            return None
        if when == "renewed" and _NEW not in file.read_text():
            sign_in(_NEW)
        return fault

    sign_in(_OLD)
    world.credentials_file = file
    with world.rule(rule):
        first = world.run(*first_arguments(work))
    if first.code == 0:
        work.check(world)
    elif when == "renewed":
        world.expect_code(first, 0)
    else:
        world.expect_code(first, 77, 69, 1, 3)
    sign_in(_NEW)
    run_again(world, work, scenario.then, finished=first.code == 0)


SCENARIOS: Final = tuple(
    Scenario("expired", work, f"{when}-{number:02d}", _play)
    for work in (
        "backup",
        "wait",
        "write",
        "write-keep",
        "settings",
        "import",
        "bulk-put",
        "point-in-time",
        "verify",
    )
    for when in ("renewed", "late")
    for number in (0, 12)
)
