"""A process that removes what a run made if the run is killed, even by SIGKILL.

The run holds the other end of its standard input. If that closes before the run has said that it removed everything
itself, the guard removes it. If the guard is killed too, ``--clean`` does it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.live.access import WHERE
from tests.live.stage import Stage

_DONE: Final = "done\n"


@contextmanager
def guarded(stage: Stage) -> Iterator[None]:
    """The guard is in a session of its own, so that Ctrl-C and a closed terminal do not reach it."""
    command = [sys.executable, "-m", "tests.live", "--guard", stage.prefix]
    environment = {**os.environ, WHERE: stage.account}
    guard = subprocess.Popen(
        command, stdin=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert guard.stdin is not None
    try:
        yield
    finally:
        guard.communicate(_DONE)


def was_killed() -> bool:
    """In the guard: waits for the end of the run."""
    return sys.stdin.read() != _DONE
