"""The machine of the operator: broken streams, state directories that cannot be used, `python -O`."""

from __future__ import annotations

import functools
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.faults.laws import Run
from tests.faults.model import Scenario
from tests.faults.works import WORKS, Work, first_arguments
from tests.faults.world import World

_NOBODY: Final = 12345
_READ_ONLY_VERBS: Final = (("status",), ("list",), ("verify",))

# ---- streams

# How a shell starts the program, as `"$@"`. Broken stdout may end a run with 1; broken stderr says nothing.
STREAMS: Final[Mapping[str, str]] = {
    "stdout-closed": '"$@" >&-',
    "stderr-closed": '"$@" 2>&-',
    "both-closed": '"$@" >&- 2>&-',
    "stdin-closed": '"$@" <&-',
    "stdout-full": '"$@" >/dev/full',
    "stderr-full": '"$@" 2>/dev/full',
    "both-full": '"$@" >/dev/full 2>&1',
    "stdout-pipe-closed": '"$@" | true; exit ${PIPESTATUS[0]}',
    "stderr-pipe-closed": '{ "$@" 2>&1 >&3 | head -c 10 >&2; exit ${PIPESTATUS[0]}; } 3>&1',
    "stdout-reader-leaves": '"$@" | head -c 20; exit ${PIPESTATUS[0]}',
}
_STDOUT_LOST: Final = frozenset(name for name in STREAMS if name.startswith(("stdout", "both")))


def _play_stream(world: World, scenario: Scenario) -> None:
    """A stream that cannot be written stops no work, and a monitor hears how the work ended."""
    work = WORKS[scenario.work]
    work.prepare(world)
    monitor = {"ping": {"url": "${PING_URL}"}, "verbs": ["backup", "restore"]}
    world.write_plan(notifications={"monitor": monitor})
    form = world.random.choice(("auto", "json", "console"))
    done = world.run_fresh(
        *first_arguments(work),
        *("--log-format", form),
        env={"PING_URL": f"{world.shared.receiver.url}/{world.name}"},
        shell=STREAMS[scenario.point],
        mute=True,
    )
    lost = (1,) if scenario.point in _STDOUT_LOST else ()
    world.expect_code(done, 0, *lost)
    if done.code in (0, 1):
        work.check(world)
    heard = [request.path.partition("?")[0] for request in world.received]
    world.require(
        heard[-1:] == [f"/{world.name}/0"], "the monitor hears how the work ended", f"{heard}: {done}"
    )


ENCODINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "ascii": {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "c-locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def _play_encoding(world: World, scenario: Scenario) -> None:
    """A terminal that knows few characters."""
    work = WORKS[scenario.work]
    work.prepare(world)
    for arguments in (first_arguments(work), ("status",), ("list",)):
        done = world.run_fresh(
            *arguments, "--log-format", "console", env={**ENCODINGS[scenario.point], "FORCE_COLOR": None}
        )
        world.expect_code(done, 0)
    work.check(world)


FILES: Final[Mapping[str, Mapping[str, str]]] = {
    "summary-full": {"GITHUB_STEP_SUMMARY": "/dev/full"},
    "summary-folder": {"GITHUB_STEP_SUMMARY": "/"},
    "summary-missing": {"GITHUB_STEP_SUMMARY": "/nonexistent/summary"},
}


def _play_file(world: World, scenario: Scenario) -> None:
    """A step summary that cannot be written changes nothing."""
    work = WORKS[scenario.work]
    work.prepare(world)
    done = world.run(*first_arguments(work), env=dict(FILES[scenario.point]))
    world.expect_code(done, 0)
    work.check(world)


def _play_report_file(world: World, scenario: Scenario) -> None:
    """A report file that cannot be written: refused before the work, or told after it was done whole."""
    work = WORKS[scenario.work]
    work.prepare(world)
    form = world.random.choice(("json", "junit", "markdown", "github"))
    done = world.run(*first_arguments(work), "--output", f"{form}={scenario.point.replace('|', '/')}")
    world.expect_code(done, 0, 1)
    if done.code == 0 or _writes(world):
        work.check(world)


# ---- state directories


def _writes(world: World) -> list[str]:
    """Operations of this scenario's restore that change something."""
    return [
        request.operation
        for request in world.proxy.requests
        if request.operation.startswith(
            ("CreateTable", "BatchWrite", "PutItem", "Import", "StartBulk", "RestoreTable", "Update", "Tag")
        )
    ]


def _missing(place: Path) -> dict[str, str | None]:
    return {"DDBBACKUP_STATE_DIR": str(place / "a" / "b" / "state")}


def _file(place: Path) -> dict[str, str | None]:
    (place / "file").write_text("not a directory")
    return {"DDBBACKUP_STATE_DIR": str(place / "file")}


def _below_file(place: Path) -> dict[str, str | None]:
    (place / "file").write_text("not a directory")
    return {"DDBBACKUP_STATE_DIR": str(place / "file" / "state")}


def _broken_link(place: Path) -> dict[str, str | None]:
    (place / "link").symlink_to(place / "nowhere" / "state")
    return {"DDBBACKUP_STATE_DIR": str(place / "link")}


def _device(place: Path) -> dict[str, str | None]:
    return {"DDBBACKUP_STATE_DIR": "/dev/full"}


def _no_home(place: Path) -> dict[str, str | None]:
    return {"DDBBACKUP_STATE_DIR": None, "HOME": None, "XDG_STATE_HOME": None}


def _relative(place: Path) -> dict[str, str | None]:
    return {"DDBBACKUP_STATE_DIR": "state of mine"}


def _empty_name(place: Path) -> dict[str, str | None]:
    return {"DDBBACKUP_STATE_DIR": "", "XDG_STATE_HOME": str(place / "xdg")}


def _garbage(place: Path) -> dict[str, str | None]:
    for folder in ("restores", "restores/x"):
        (place / "state" / folder).mkdir(parents=True, exist_ok=True)
    for name in ("restores/restore.json", "restores/x/restore.json", "restores/x/ledger.jsonl", "lock"):
        (place / "state" / name).write_bytes(b'\xff\xfe{"unit": []}\n[]\n5\n')
    return {}


STATES: Final[Mapping[str, Callable[[Path], dict[str, str | None]]]] = {
    "missing": _missing,
    "a-file": _file,
    "below-a-file": _below_file,
    "broken-link": _broken_link,
    "a-device": _device,
    "no-home": _no_home,
    "relative": _relative,
    "empty-name": _empty_name,
    "garbage": _garbage,
}


def _play_state(world: World, scenario: Scenario) -> None:
    """A state directory that cannot be used: verbs that need none run, the others refuse before the first write."""
    work = WORKS[scenario.work]
    work.prepare(world)
    place = world.machine("here")
    env = STATES[scenario.point](place)
    _with_state(world, work, lambda *arguments: world.run(*arguments, env=env))


def _play_other_user(world: World, scenario: Scenario) -> None:
    """A container's user: without an account and HOME, or with a state directory that may not be written."""
    work = WORKS[scenario.work]
    work.prepare(world)
    state = world.machine("here") / "state"
    state.mkdir()
    env: dict[str, str | None] = {}
    if scenario.point == "read-only":
        state.chmod(0o555)
    elif scenario.point == "home-read-only":
        env = {"DDBBACKUP_STATE_DIR": None, "HOME": str(state)}
        state.chmod(0o555)
    else:
        env = {"DDBBACKUP_STATE_DIR": None, "HOME": None}
    shell = f'{" ".join(_as_nobody())} "$@"'
    _with_state(world, work, lambda *arguments: world.run_fresh(*arguments, env=env, shell=shell))
    state.chmod(0o755)


@functools.cache
def _as_nobody() -> tuple[str, ...]:
    """How to become a user whom the system does not know, and to whom permissions of files apply.

    Where no user namespace may be made, permissions still apply to whoever is not root.
    """
    command = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return command if works else ("exec",)


def _play_full_disk(world: World, scenario: Scenario) -> None:
    """Files can be created but not written, as on a full disk; streams are pipes."""
    work = WORKS[scenario.work]
    work.prepare(world)
    full = '(ulimit -f 0; exec "$@") 2>&1 >&3 | cat >&2; exit ${PIPESTATUS[0]}'
    shell = f"{{ {full}; }} 3>&1 | cat; exit ${{PIPESTATUS[0]}}"
    _with_state(world, work, lambda *arguments: world.run_fresh(*arguments, shell=shell))


def _with_state(world: World, work: Work, run: Callable[..., Run]) -> None:
    for arguments in world.random.sample(_READ_ONLY_VERBS, 1):
        if arguments != ("verify",) or work.name != "backup":  # where there is no backup yet
            world.expect_code(run(*arguments), 0, *((4,) if arguments == ("status",) else ()))
    before = len(_writes(world))
    done = run(*first_arguments(work))
    if work.arguments[0] != "restore":
        world.expect_code(done, 0)
    if done.code == 0:
        work.check(world)
    else:
        written = _writes(world)[before:]
        world.require(not written, "a refusal comes before the first write", f"{written[:3]}: {done}")


def _play_state_in_mid_run(world: World, scenario: Scenario) -> None:
    """The state directory is deleted or spoiled while a restore runs."""
    work = WORKS[scenario.work]
    work.prepare(world)
    running = world.start(*first_arguments(work))
    time.sleep(world.random.uniform(0.3, 0.9))
    state = world.machine("here") / "state"
    if scenario.point == "deleted":
        shutil.rmtree(state, ignore_errors=True)
    elif scenario.point == "spoiled":
        for path in list(state.rglob("*.json*")):
            path.write_bytes(b"\xff[]\n{}\n")
    else:
        shutil.rmtree(state, ignore_errors=True)
        state.write_text("a file")
    first = running.finish()
    if first.code == 0:
        work.check(world)
    if state.is_file():
        state.unlink()
    again = world.run(*first_arguments(work))
    world.expect_code(again, 0, 1)
    if again.code == 0:
        work.check(world)


# ---- the interpreter


def _play_optimized(world: World, scenario: Scenario) -> None:
    """`python -O` removes assert statements: nothing changes."""
    work = WORKS[scenario.work]
    work.prepare(world)
    done = world.run_fresh(*first_arguments(work), python=("-O",))
    world.expect_code(done, 0)
    work.check(world)


SCENARIOS: Final = (
    *(
        Scenario("stream", work, point, _play_stream)
        for work in ("backup", "write-fail")
        for point in STREAMS
    ),
    *(Scenario("encoding", "backup", point, _play_encoding) for point in ENCODINGS),
    *(Scenario("summary-file", work, point, _play_file) for work in ("backup", "write") for point in FILES),
    *(
        Scenario("report-file", work, point, _play_report_file)
        for work in ("backup", "write")
        for point in ("|dev|full", "|nonexistent|report", "|")
    ),
    *(
        Scenario("state-directory", work, point, _play_state)
        for work in ("backup", "write", "write-fail", "import")
        for point in STATES
    ),
    *(
        Scenario("other-user", work, point, _play_other_user)
        for work in ("backup", "write")
        for point in ("read-only", "home-read-only", "no-account")
    ),
    *(Scenario("full-disk", work, "", _play_full_disk) for work in ("backup", "write", "import")),
    *(
        Scenario("state-in-mid-run", work, point, _play_state_in_mid_run)
        for work in ("write", "write-keep", "import", "bulk-put", "point-in-time")
        for point in ("deleted", "spoiled", "replaced-by-a-file")
    ),
    *(Scenario("python-O", name, "", _play_optimized) for name in WORKS),
)
