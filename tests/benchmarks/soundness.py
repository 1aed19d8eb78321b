"""Nothing lost, nothing changed: restores under faults, with a killed worker and a killed run, told by the sink."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.clients import restore_command, write_plan
from tests.benchmarks.data import Export
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import Sink, Tools, running
from tests.benchmarks.tree import descendants

FAULTS = ("--unprocessed", "0.05", "--throttled", "0.05", "--reset", "0.01")
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Proof:
    """What happened in one scenario. ``lost`` counts keys that the sink does not know in the end."""

    scenario: str
    items: int
    lost: int
    changed: int
    unsigned: int
    whole: bool  # whether the digest of all contents is the backup's
    faults: str
    exit_code: int

    @property
    def sound(self) -> bool:
        return self.whole and not (self.lost or self.changed or self.unsigned or self.exit_code)


@dataclass(frozen=True)
class Stop:
    """From Ctrl-C until everything has ended."""

    seconds: float
    exit_code: int


class _Restore:
    def __init__(self, export: Export, sink: Sink, directory: Path, existing: str, processes: int) -> None:
        plan = write_plan(
            directory, sink.url, sink.url, export.uri, table="bench", existing=existing, workers=processes
        )
        self.items = export.items
        self._log = directory / "log"
        self._command = restore_command(plan)
        self._environment = sink.environment() | {"DDBBACKUP_STATE_DIR": str(directory / "state")}

    def begin(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def end(self, process: subprocess.Popen[bytes], *, wanted: int = 0) -> int:
        """The exit code; what a run said that ended otherwise than wanted goes to stderr."""
        if process.wait() != wanted:
            print(f"exit code {process.returncode}:\n{self._log.read_text()[-3000:]}", file=sys.stderr)
        return process.returncode


def _just_run(restore: _Restore, sink: Sink) -> int:
    return restore.end(restore.begin())


def _kill_worker(restore: _Restore, sink: Sink) -> int:
    """SIGKILL to one of the worker processes when a third is written."""
    process = restore.begin()
    _wait(sink, restore.items // 3, process)
    workers = [pid for pid in descendants(process.pid) if _is_worker(pid)]
    os.kill(random.Random(1).choice(workers), signal.SIGKILL)
    return restore.end(process)


def _kill_run(restore: _Restore, sink: Sink) -> int:
    """SIGKILL to everything when a third is written; the second run ends the work."""
    process = restore.begin()
    _wait(sink, restore.items // 3, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return restore.end(restore.begin())


# What is told, `existing`, processes, and what happens.
SCENARIOS: tuple[tuple[str, str, int, Callable[[_Restore, Sink], int]], ...] = (
    ("one process", "overwrite", 1, _just_run),
    ("two processes", "overwrite", 2, _just_run),
    ("`existing: keep`, two processes", "keep", 2, _just_run),
    ("two processes, one killed", "overwrite", 2, _kill_worker),
    ("the whole run killed, then run again", "overwrite", 2, _kill_run),
)


def prove(
    export: Export, tools: Tools, work: Path, *, seed: int = 1, scenarios: int | None = None
) -> list[Proof]:
    """The first few scenarios (or all), each with a fresh sink. The export must not name a file twice."""
    proofs = []
    for name, existing, processes, story in SCENARIOS[:scenarios]:
        with running(tools, export.root, "--check", *FAULTS, "--seed", str(seed)) as sink:
            restore = _Restore(export, sink, fresh(work / "sound"), existing, processes)
            exit_code = story(restore, sink)
            proofs.append(_proof(name, export, sink.stats(), exit_code))
    return proofs


def _wait(sink: Sink, items: int, process: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    while sink.stats()["items"] < items:
        assert process.poll() is None, "it ended before it could be killed"
        pause.wait(_LOOK_SECONDS)


def _is_worker(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _proof(scenario: str, export: Export, said: dict[str, Any], exit_code: int) -> Proof:
    faults = f"{said['unprocessed']} unprocessed, {said['throttled']} throttled, {said['resets']} reset"
    return Proof(
        scenario=scenario,
        items=export.items,
        lost=export.items - int(said["keys"]),
        changed=int(said["changed"]),
        unsigned=int(said["unsigned"]),
        whole=said["digest"] == export.digest,
        faults=faults,
        exit_code=exit_code,
    )


def stop_in_mid_run(export: Export, tools: Tools, work: Path) -> Stop:
    """Ctrl-C: SIGINT to the process group when a fifth is written."""
    with running(tools, export.root, latency_ms=5) as sink:
        restore = _Restore(export, sink, fresh(work / "stop"), "overwrite", 2)
        process = restore.begin()
        _wait(sink, export.items // 5, process)
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        exit_code = restore.end(process, wanted=130)
        return Stop(time.monotonic() - begun, exit_code)
