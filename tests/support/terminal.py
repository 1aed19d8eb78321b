"""Runs a command on a terminal of its own, and enters a line whenever it asks for something.

``python -m tests.support.terminal ASKED ANSWER COMMAND…`` writes all that the command wrote to stdout, and exits with
its exit code.
"""

from __future__ import annotations

import os
import pty
import sys


def main(asked: str, answer: str, *command: str) -> int:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    written, answered = b"", 0
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # what Linux answers once the other side is closed
            break
        if not read:
            break
        written += read
        while answered < written.count(asked.encode()):
            os.write(terminal, f"{answer}\n".encode())
            answered += 1
    sys.stdout.buffer.write(written)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
