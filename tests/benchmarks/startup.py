"""How much processor time `validate` takes, from process start to end: it runs in editors and hooks.

Run as ``python -m tests.benchmarks.startup``; prints the median of several runs beside that of an empty Python,
and exits 1 if it is beyond ``LIMIT_SECONDS``.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PLAN = CHECKOUT / "configs" / "fleet.yaml"
RUNS = 15
LIMIT_SECONDS = 0.25


def cpu_seconds(*command: str) -> float:
    """User and system time of one process, by the kernel's own account."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    process = os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
    os.close(quiet)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    validate = (sys.executable, "-m", "ddbbackup", "validate", "-f", str(PLAN))
    nothing = (sys.executable, "-c", "pass")
    cpu_seconds(*validate)  # compiles what is not compiled yet
    medians = {
        name: statistics.median(cpu_seconds(*command) for _ in range(RUNS))
        for name, command in (("validate", validate), ("python -c pass", nothing))
    }
    for name, seconds in medians.items():
        print(f"{name:<16} {seconds * 1000:6.0f} ms of CPU, median of {RUNS}")
    return int(medians["validate"] > LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
