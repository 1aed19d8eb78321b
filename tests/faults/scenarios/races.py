"""Two runs at the same time, on one machine or on two."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.broken_answers import json_error
from tests.faults.laws import Run
from tests.faults.model import Scenario
from tests.faults.works import WORKS, check_backup, check_items, run_again
from tests.faults.world import World
from tests.support.aws import Item
from tests.support.aws_proxy import Delivery, Exchange, Fault, Request

_MEETING_SECONDS: Final = 2.5


@dataclass(frozen=True)
class Pair:
    """Two commands that run at once; `OLDER` in the second stands for the id of the older backup.

    ``meeting``: operations at which the first run waits until the second arrives there, so that both act on what
    they saw before. ``both_end_right``: neither has a reason to fail.
    """

    work: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    meeting: tuple[str, ...]
    both_end_right: bool = False


_RESTORE: Final = ("restore", "copy", "--run-id")
PAIRS: Final = {
    "same-run": Pair(
        "backup",
        ("backup", "--run-id", "r1"),
        ("backup", "--run-id", "r1"),
        ("PutObject:record", "ExportTableToPointInTime"),
        both_end_right=True,
    ),
    "same-run-describe": Pair(
        "backup",
        ("backup", "--run-id", "r1"),
        ("backup", "--run-id", "r1"),
        ("DescribeExport", "GetObject:files"),
        both_end_right=True,
    ),
    "other-run": Pair(
        "backup",
        ("backup", "--run-id", "r1"),
        ("backup", "--run-id", "r2"),
        ("PutObject:record",),
        both_end_right=True,
    ),
    "backup-and-wait": Pair(
        "backup",
        ("backup", "--run-id", "r1"),
        ("wait",),
        ("DescribeExport", "GetObject:data"),
        both_end_right=True,
    ),
    "two-waits": Pair(
        "wait", ("wait",), ("wait",), ("DescribeExport", "GetObject:files"), both_end_right=True
    ),
    "two-verifies": Pair(
        "verify", ("verify",), ("verify",), ("GetObject:record", "PutObject:record"), both_end_right=True
    ),
    **{
        f"{kind}-{name}": Pair(name, (*_RESTORE, "r1"), (*_RESTORE, second), meeting)
        for name, meeting in (
            ("write", ("DescribeTable", "CreateTable")),
            ("write-fail", ("Scan", "BatchWriteItem")),
            ("write-keep", ("PutItem",)),
            ("write-overwrite", ("BatchWriteItem",)),
            ("import", ("ListImports", "ImportTable")),
            ("bulk-put", ("Scan", "StartBulkPutItems")),
            ("point-in-time", ("DescribeTable", "RestoreTableToPointInTime")),
        )
        for kind, second in (("same-run", "r1"), ("other-run", "r2"))
    },
    **{
        f"two-backups-{operation}": Pair(
            "write-fail",
            (*_RESTORE, "r1"),
            (*_RESTORE, "r2", "--from", "OLDER"),
            (operation,),
        )
        for operation in ("Scan", "BatchWriteItem", "DescribeTable")
    },
}


def _play(world: World, scenario: Scenario) -> None:
    """Both runs meet at an operation; whoever ends with 0 has done all of its work, and nobody a part of it."""
    pair = PAIRS[scenario.point]
    work = WORKS[pair.work]
    work.prepare(world)
    older = str(world.records()[0]["id"]) if "OLDER" in pair.second else ""
    wanted: list[Sequence[Item]] = [world.wanted, world.wanted]
    if older:
        wanted[1] = world.shared.shared_vault.older
    second_machine = "there" if world.seed % 2 else "here"
    with world.rule(_Meeting(pair.meeting)):
        first = world.start(*pair.first)
        time.sleep(world.random.choice((0, 0, 0.05, 0.3)))
        second = world.start(
            *(older if each == "OLDER" else each for each in pair.second), machine=second_machine
        )
        runs = [first.finish(), second.finish()]
    _check(world, pair, runs, wanted)
    if not older:
        run_again(world, work, "same", finished=any(run.code == 0 for run in runs))


def _check(world: World, pair: Pair, runs: Sequence[Run], wanted: Sequence[Sequence[Item]]) -> None:
    for run, items in zip(runs, wanted, strict=True):
        if pair.both_end_right:
            world.expect_code(run, 0)
        if run.code == 0 and run.verb == "restore":
            world.wanted = items
            check_items(world)
        elif run.code == 0:
            check_backup(world)


class _Meeting:
    """Holds the first request of each operation until a second one comes, or for a while."""

    def __init__(self, operations: Sequence[str]) -> None:
        self._arrived = dict.fromkeys(operations, 0)
        self._met = {operation: threading.Event() for operation in operations}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Fault | None:
        operation = request.operation
        if operation not in self._arrived:
            return None
        with self._lock:
            self._arrived[operation] += 1
            number = self._arrived[operation]
        if number == 2:
            self._met[operation].set()
        if number != 1:
            return None

        def held(exchange: Exchange) -> Delivery:
            self._met[operation].wait(_MEETING_SECONDS)
            return Delivery(exchange.forward().wire)

        return held


def _play_rejects(world: World, scenario: Scenario) -> None:
    """While a restore with a rejected item goes on, the same restore starts again: its rejects stay."""
    work = WORKS[scenario.work]
    work.prepare(world)
    world.write_plan(restore={"method": "write", "existing": "overwrite"})
    values = [str(item["v"]["S"]) for item in world.wanted]
    rejected = world.random.choice(values).encode()
    place = world.machine("here")

    def slow_or_refused(exchange: Exchange) -> Delivery:
        if rejected in exchange.request.body:
            return Delivery(json_error(400, "ValidationException", "refused").wire)
        if _rejects(place):
            time.sleep(0.7)
        return Delivery(exchange.forward().wire)

    with world.fault_at("BatchWriteItem", slow_or_refused, times=10**6):
        first = world.start("restore", "copy", "--yes", "--run-id", "r1")
        deadline = time.monotonic() + 10
        while not _rejects(place) and time.monotonic() < deadline:
            time.sleep(0.02)
        second = world.run("restore", "copy", "--yes", "--run-id", world.random.choice(("r1", "r2")))
        runs = [first.finish(), second]
    world.require(
        65 in {run.code for run in runs} and any(rejected in text for text in _rejects(place)),
        "rejected items are kept",
        f"{len(_rejects(place))} files with rejects: {runs[0]} {runs[1]}",
    )


def _rejects(place: Path) -> list[bytes]:
    """The contents of all files with rejected items that are not empty."""
    found = []
    for path in place.rglob("rejects*"):
        for file in (path, *path.rglob("*.jsonl")):
            with suppress(OSError):
                found.append(file.read_bytes())
    return [text for text in found if text]


SCENARIOS: Final = (
    *(Scenario("race", pair.work, name, _play, then="same") for name, pair in PAIRS.items()),
    *(Scenario("race", "write-fail", f"rejects-{number}", _play_rejects) for number in range(2)),
)
