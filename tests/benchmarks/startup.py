"""The CPU time of verbs that do not call AWS, from process start to exit: editors, hooks and shells run them.

Run ``python -m tests.benchmarks.startup``. It prints the median of several runs beside that of an empty Python, and
exits with 1 if a verb exceeds ``LIMIT_SECONDS``.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PLAN = str(CHECKOUT / "configs" / "fleet.yaml")
VERBS = (("validate", "-f", PLAN), ("show", "-f", PLAN), ("schema",), ("completion", "bash"))
ENVIRONMENT = {"BACKUP_ACCOUNT": "123456789012", "EXTERNAL_ID": "x"}
RUNS = 15
LIMIT_SECONDS = 0.25


def cpu_seconds(*command: str) -> float:
    """User and system time of one process, as the kernel accounts it."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    process = os.posix_spawn(command[0], command, ENVIRONMENT | dict(os.environ), file_actions=actions)
    os.close(quiet)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} exited with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    commands = {words[0]: (sys.executable, "-m", "ddbbackup", *words) for words in VERBS}
    medians = {}
    for name, command in {**commands, "python -c pass": (sys.executable, "-c", "pass")}.items():
        cpu_seconds(*command)  # compiles the modules once
        medians[name] = statistics.median(cpu_seconds(*command) for _ in range(RUNS))
    for name, seconds in medians.items():
        print(f"{name:<16} {seconds * 1000:6.0f} ms of CPU, median of {RUNS}")
    return int(any(medians[name] > LIMIT_SECONDS for name in commands))


if __name__ == "__main__":
    raise SystemExit(main())
