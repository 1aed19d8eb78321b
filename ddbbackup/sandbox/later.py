"""``python -m ddbbackup.sandbox.later SECONDS ARGUMENT...``: ddbbackup as if it were started so much later.

For the sandbox, whose clock is as far ahead (``SandboxClock``). Requests are signed with the time of this machine.
"""

from __future__ import annotations

import runpy
import sys
from datetime import datetime, timedelta

from ddbbackup.clock import SystemClock


def set_ahead(seconds: float) -> None:
    """Sets the time of day of the program in this process ahead of the clock of this machine."""
    now = SystemClock.now

    def later(self: SystemClock) -> datetime:
        return now(self) + timedelta(seconds=seconds)

    SystemClock.now = later  # type: ignore[method-assign] # no option of ddbbackup may move its clock


if __name__ == "__main__":
    set_ahead(float(sys.argv.pop(1)))
    runpy.run_module("ddbbackup", run_name="__main__", alter_sys=True)
