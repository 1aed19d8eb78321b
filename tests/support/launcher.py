"""Starts ddbbackup as real processes without paying for the imports every time.

A server process imports the program once and forks for every start: each run has its own process, environment,
streams and exit status, as if the interpreter had been started for it. ``python -m ddbbackup`` takes about 0.6 s of
CPU time, a fork a tenth of that. What concerns the interpreter itself (`-O`, closed streams) needs a real start.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CLOCK_OFFSET = "DDBBACKUP_TEST_CLOCK_OFFSET_SECONDS"
"""An environment variable for the launcher alone: how far the clock of that run is ahead."""


class Launched:
    """A run that was started. ``pid`` leads a process group of its own; ``peak_bytes`` is known at its end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("r")
        self.pid = int(self._lines.readline())
        self.code: int | None = None
        self.peak_bytes = 0

    def wait(self, seconds: float) -> int | None:
        """The exit status, negative for a signal; None if it still runs after so many seconds."""
        if self.code is None:
            self._connection.settimeout(seconds)
            try:
                code, peak = self._connection.recv(64).decode().split()
            except TimeoutError:
                return None
            self.code, self.peak_bytes = int(code), int(peak)
            self._lines.close()
            self._connection.close()
        return self.code

    def kill(self) -> None:
        """SIGKILL to the run and all of its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Launcher:
    """A context manager. Safe to use from several threads."""

    def __enter__(self) -> Launcher:
        self._directory = Path(tempfile.mkdtemp(prefix="launch-"))
        self._address = str(self._directory / "s")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.launcher", self._address],
            stdin=subprocess.PIPE,  # its end is the end of the launcher, however this process ends
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"ready\n", "the launcher did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
        shutil.rmtree(self._directory, ignore_errors=True)

    def start(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: int, stderr: int
    ) -> Launched:
        """Starts ``ddbbackup ARGUMENTS``; the descriptors are only used by the new process."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        order = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(connection, [len(order).to_bytes(4, "big")], [stdout, stderr])
        connection.sendall(order)
        return Launched(connection)


def _serve(address: str) -> dict[str, Any] | None:
    """Runs until its standard input ends. Returns only in the forked processes that are to become the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers are not waited for
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        connection, _ = listening.accept()
        if os.fork():
            connection.close()
            continue
        listening.close()
        return _watch(connection)


def _watch(connection: socket.socket) -> dict[str, Any] | None:
    """In a process for each run: forks the run, reports its id and its exit status, and ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, descriptors, _, _ = socket.recv_fds(connection, 4, 2)
    order = b""
    while len(order) < int.from_bytes(size, "big"):
        order += connection.recv(1 << 16)
    pid = os.fork()
    if pid == 0:
        connection.close()
        return {**json.loads(order), "streams": descriptors}
    for each in descriptors:
        os.close(each)
    with contextlib.suppress(OSError):
        connection.sendall(f"{pid}\n".encode())
    _, status, usage = os.wait4(pid, 0)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with contextlib.suppress(OSError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)} {peak}".encode())
    os._exit(0)


def _become(order: dict[str, Any]) -> None:
    """Makes this process look like a newly started one."""
    os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (order["streams"][0], 1), (order["streams"][1], 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.argv = ["ddbbackup", *order["arguments"]]
    random.seed()
    offset = float(os.environ.pop(CLOCK_OFFSET, "0"))
    if offset:
        set_ahead(offset)


def _make_clients() -> None:
    """Fills the caches of the SDK: the program makes the same clients."""
    session = boto3.Session("none", "none", region_name="eu-west-1")
    for service in ("dynamodb", "s3", "sts", "kms", "application-autoscaling"):
        session.client(service, endpoint_url="http://127.0.0.1:9")


if __name__ == "__main__":
    import gc
    import random
    from importlib import import_module

    import boto3
    import botocore.loaders

    from ddbbackup.cli import entry
    from ddbbackup.sandbox.later import set_ahead

    for verb in ("backup", "list_backups", "restore", "status", "verify", "wait"):
        import_module(f"ddbbackup.cli.commands.{verb}")
    for module in ("report.renderers.text", "cli.session", "cli.program", "restore.methods"):
        import_module(f"ddbbackup.{module}")

    # One loader for all runs: the models of the services are parsed once.
    loader = botocore.loaders.create_loader()
    botocore.loaders.create_loader = lambda search_path_string=None: loader
    _make_clients()

    gc.freeze()
    wanted = _serve(sys.argv[1])
    if wanted is not None:
        _become(wanted)
        entry()
