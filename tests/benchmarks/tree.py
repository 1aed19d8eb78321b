"""Runs commands and measures them with all their children: wall clock, CPU, memory. Linux only."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Usage:
    """``cpu_seconds`` of the commands and all children that they waited for.

    ``peak_bytes`` is the largest sum over the tree at one moment, shared pages divided among their users (PSS, looked
    at ten times a second); ``process_peak_bytes`` the largest peak of a single process (its ``VmHWM``).
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    process_peak_bytes: int


class CommandFailed(Exception):
    """A measured command did not exit 0."""


def measure(commands: Sequence[Sequence[str]], environment: Mapping[str, str], cwd: Path) -> Usage:
    """Runs the commands at the same time. Raises ``CommandFailed`` with what the first failed one said."""
    begun = monotonic()
    output = [(cwd / f"output-{number}").open("w+b") for number in range(len(commands))]
    processes = [
        subprocess.Popen(command, env=dict(environment), cwd=cwd, stdout=file, stderr=subprocess.STDOUT)
        for command, file in zip(commands, output, strict=True)
    ]
    watch = _Watch([process.pid for process in processes])
    cpu_seconds = 0.0
    failed = ""
    for process, command, file in zip(processes, commands, output, strict=True):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu_seconds += usage.ru_utime + usage.ru_stime
        if process.returncode and not failed:
            file.seek(0)
            said = file.read().decode("utf-8", "replace")[-2000:]
            failed = f"{' '.join(command)[:300]} exited {process.returncode}:\n{said}"
    seconds = monotonic() - begun
    watch.end()
    for file in output:
        file.close()
    if failed:
        raise CommandFailed(failed)
    return Usage(seconds, cpu_seconds, watch.peak_bytes, watch.process_peak_bytes)


def descendants(pid: int) -> list[int]:
    """The process and everything below it, as far as it is there."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


class _Watch:
    def __init__(self, roots: Sequence[int]) -> None:
        self.peak_bytes = self.process_peak_bytes = 0
        self._roots = roots
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            pids = [pid for root in self._roots for pid in descendants(root)]
            self.peak_bytes = max(
                self.peak_bytes, sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in pids) << 10
            )
            peaks = map(peak_bytes, pids)
            self.process_peak_bytes = max([self.process_peak_bytes, *peaks])


def peak_bytes(pid: int) -> int:
    """Of the program that the process runs; ``getrusage`` includes that which began the process."""
    return _kilobytes(pid, "status", "VmHWM") << 10


def _kilobytes(pid: int, file: str, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
