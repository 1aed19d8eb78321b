"""The world changes between two runs: tables are emptied, used, deleted and made anew; data in the vault goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from tests.faults.broken_answers import denied
from tests.faults.laws import Run
from tests.faults.model import Scenario
from tests.faults.works import RUN_ID, WORKS, check_backup, check_items, first_arguments
from tests.faults.world import Running, World
from tests.support.aws import Item
from tests.support.aws_proxy import RESET, Delivery, Exchange, Fault, Request
from tests.support.launcher import CLOCK_OFFSET

_PUTS: Final = ("BatchWriteItem", "PutItem")
_APPLICATION: Final = "written by the application"


# ---- how the first run ends


def _stop_half_way(world: World, arguments: tuple[str, ...]) -> Run:
    """Killed at its last puts, when others have long been noted as done."""
    puts = [0]
    number = world.random.randrange(2, 5)
    running: list[Running] = []

    def kill(exchange: Exchange) -> Delivery:
        time.sleep(0.4)
        running[0].kill()
        return RESET

    def rule(request: Request) -> Fault | None:
        jobs = ("ImportTable", "StartBulkPutItems", "RestoreTableToPointInTime")
        if request.operation in _PUTS:
            puts[0] += 1
        at_job = request.operation.startswith("Describe") and any(
            each.operation in jobs for each in world.proxy.requests[:-1]
        )
        return kill if (request.operation in _PUTS and puts[0] == number) or at_job else None

    with world.rule(rule):
        running.append(world.start(*arguments))
        return running[0].finish()


def _stop_loaded(world: World, arguments: tuple[str, ...]) -> Run:
    """All data is in the table, but the settings are not allowed."""
    with world.fault_at("UpdateContinuousBackups", denied(world.random), times=50):
        return world.run(*arguments)


def _finish(world: World, arguments: tuple[str, ...]) -> Run:
    return world.run(*arguments)


_STOPS: Final[Mapping[str, Callable[[World, tuple[str, ...]], Run]]] = {
    "half": _stop_half_way,
    "loaded": _stop_loaded,
    "done": _finish,
}


# ---- what happens to the table


def _empty(world: World) -> None:
    world.delete(world.target, world.items(world.target) or [])


def _delete_some(world: World) -> None:
    items = world.items(world.target) or []
    world.delete(world.target, world.random.sample(items, len(items) // 3))


def _use(world: World) -> None:
    """The application writes keys that the restore has not written yet, and one of its own."""
    there = {item["id"]["S"] for item in world.items(world.target) or []}
    absent = [item for item in world.wanted if item["id"]["S"] not in there][:8]
    used: list[Item] = [{"id": item["id"], "v": {"S": _APPLICATION}} for item in absent]
    used.append({"id": {"S": "new-customer"}, "v": {"S": _APPLICATION}})
    world.put(world.target, used)


def _delete_table(world: World) -> None:
    with suppress(Exception):
        world.aws.dynamodb.update_table(TableName=world.target, DeletionProtectionEnabled=False)
    world.aws.dynamodb.delete_table(TableName=world.target)


def _make_anew(world: World) -> None:
    _delete_table(world)
    world.aws.create_table(world.target)


_CHANGES: Final[Mapping[str, Callable[[World], None]]] = {
    "emptied": _empty,
    "partly-deleted": _delete_some,
    "used": _use,
    "deleted": _delete_table,
    "recreated": _make_anew,
}


def _play(world: World, scenario: Scenario) -> None:
    """Stopped, changed, and the same again: at once or three months later, here or elsewhere."""
    stop, _, change = scenario.point.partition("-then-")
    work = WORKS[scenario.work]
    work.prepare(world)
    first = _STOPS[stop](world, first_arguments(work))
    time.sleep(0.3)  # a job inside AWS goes on
    if world.items(world.target) is None:
        return  # stopped before there was a table
    _CHANGES[change](world)
    present = world.items(world.target) or []
    months_later = world.random.random() < 0.4
    same_run, here = world.random.random() < 0.5, world.random.random() < 0.6
    done = world.run(
        *work.arguments,
        *("--run-id", RUN_ID if same_run else "nightly-2"),
        machine="here" if here else "there",
        env={CLOCK_OFFSET: str(90 * 24 * 3600)} if months_later else None,
    )
    _check_restored(world, scenario.work, present, done, f"after {first.code}")


def _check_restored(world: World, work: str, present: Sequence[Item], done: Run, after: str) -> None:
    """``present`` are the items of the target before the run ``done``."""
    found = {item["id"]["S"]: item for item in world.items(world.target) or []}
    wanted = {item["id"]["S"]: item for item in world.shared.shared_vault.newer}
    before = {item["id"]["S"]: item for item in present}
    if work == "write-keep":
        wanted |= before
    elif work == "write-overwrite":  # keys of the application's own are none of the backup's business
        wanted = before | wanted
    if work != "write-overwrite":
        lost = [key for key in _written_by_application(present) if found.get(key) != before[key]]
        world.require(not lost, "the application's items stay", f"{len(lost)} are lost {after}: {done}")
    if done.code == 0:
        world.require(
            found == wanted,
            "exit 0 means that the table equals the backup",
            f"{len(found)} items, expected {len(wanted)}, {after}: {done}",
        )


def _written_by_application(items: Sequence[Item]) -> list[str]:
    return [item["id"]["S"] for item in items if item.get("v") == {"S": _APPLICATION}]


def _play_used_before_resume(world: World, scenario: Scenario) -> None:
    """`existing: fail`, stopped half way: what the application wrote meanwhile is never overwritten."""
    work = WORKS[scenario.work]
    work.prepare(world)
    _stop_half_way(world, first_arguments(work))
    if world.items(world.target) is None:
        return
    _use(world)
    present = world.items(world.target) or []
    machine = world.random.choice(("here", "there"))
    done = world.run(*work.arguments, "--run-id", world.random.choice((RUN_ID, "nightly-2")), machine=machine)
    _check_restored(world, scenario.work, present, done, "that was stopped half way")


def _play_source(world: World, scenario: Scenario) -> None:
    """A backup is stopped, its table changes, and the same backup runs again."""
    work = WORKS["backup"]
    work.prepare(world)
    operation = world.random.choice(("ExportTableToPointInTime", "PutObject:record", "DescribeExport"))
    world.run_killed_when(
        lambda request: request.operation == operation,
        *first_arguments(work),
        after=world.random.random() < 0.5,
    )
    time.sleep(0.3)
    if scenario.point == "recreated":
        world.aws.dynamodb.delete_table(TableName=world.source)
        world.allow_another_export()  # another table, though of the same name
        world.create_source(20)
    else:
        world.delete(world.source, world.aws.items(world.source)[:5])
    before = world.exports()
    done = world.run(*first_arguments(work))
    if done.code == 0 and scenario.point == "recreated":
        check_backup(world)
    elif done.code == 0:
        complete = [each for each in world.records() if each["state"] == "complete"]
        world.require(
            bool(complete), "exit 0 means a complete record", f"{len(before)} exports before: {done}"
        )


def _play_vault(world: World, scenario: Scenario) -> None:
    """A backup is complete, its data is damaged in the vault, and the same backup runs again."""
    work = WORKS["backup"]
    work.prepare(world)
    world.expect_code(world.run(*first_arguments(work)), 0)
    keys = world.objects("data" if scenario.point.startswith("data") else "files")
    if scenario.point.endswith("deleted"):
        for key in keys:
            world.aws.s3.delete_object(Bucket=world.bucket, Key=key)
    else:
        body = world.aws.read(world.bucket, keys[0])
        world.aws.s3.put_object(Bucket=world.bucket, Key=keys[0], Body=body[:-1] + bytes([body[-1] ^ 1]))
    verified = world.run("verify")
    world.expect_code(verified, 65)
    world.wanted = world.aws.items(world.source)
    restored = world.run("restore", "copy")
    if restored.code == 0:
        check_items(world)


def _play_ci_run_id(world: World, scenario: Scenario) -> None:
    """One pipeline runs a verb twice on purpose: its run id only names the run."""
    ci = {"GITHUB_RUN_ID": "4711", "GITHUB_ACTIONS": "true"}
    if scenario.work == "backup":
        WORKS["backup"].prepare(world)
        world.expect_code(world.run("backup", env=ci), 0)
        world.put(world.source, world.make_items(45)[40:])
        time.sleep(1.1)
        second = world.run("backup", env=ci)
        world.allow_another_export()
        world.expect_code(second, 0)
        check_backup(world)
        return
    WORKS["write-overwrite"].prepare(world)
    world.expect_code(world.run("restore", "copy", "--yes", env=ci), 0)
    _CHANGES[world.random.choice(("emptied", "partly-deleted"))](world)
    present = world.items(world.target) or []
    done = world.run("restore", "copy", "--yes", env=ci, machine=world.random.choice(("here", "there")))
    world.expect_code(done, 0)
    _check_restored(world, "write-overwrite", present, done, "in one pipeline")


SCENARIOS: Final = (
    *(
        Scenario("changed-table", work, f"{stop}-then-{change}", _play)
        for work in ("write", "write-fail", "write-keep", "write-overwrite")
        for stop in _STOPS
        for change in _CHANGES
        if (stop, change) not in {("done", "used"), ("loaded", "used")}
    ),
    *(
        Scenario("changed-table", work, f"{stop}-then-{change}", _play)
        for work in ("import", "bulk-put", "point-in-time")
        for stop in ("half", "loaded")
        for change in ("emptied", "partly-deleted", "recreated")
        if not (work == "point-in-time" and change != "recreated")  # AWS counts nothing there
    ),
    *(Scenario("used-before-resume", work, "", _play_used_before_resume) for work in ("write", "write-fail")),
    *(Scenario("changed-source", "backup", point, _play_source) for point in ("recreated", "partly-deleted")),
    *(
        Scenario("changed-vault", "backup", point, _play_vault)
        for point in ("data-deleted", "data-flipped", "manifest-deleted", "manifest-flipped")
    ),
    *(Scenario("pipeline-runs-twice", work, "", _play_ci_run_id) for work in ("backup", "restore")),
)
