"""SIGHUP is treated as SIGTERM, at any time; nothing of an interrupted run keeps running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def processes_of(group: int) -> list[str]:
    """The command lines of the processes of a group, without those that have ended."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return [row[2] for row in rows if int(row[0]) == group and not row[1].startswith("Z")]


def start(program: Program, *arguments: str) -> subprocess.Popen[str]:
    """In a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ddbbackup", *arguments],
        cwd=program.directory,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_run_begins(program: Program, number: signal.Signals) -> None:
    """While the plan is read, before there is an event loop."""
    fifo = program.directory / "ddbbackup.yaml"
    os.mkfifo(fifo)
    process = start(program, "backup")
    writer = os.open(fifo, os.O_WRONLY)  # returns once the program reads the plan
    try:
        time.sleep(0.1)
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
    finally:
        os.close(writer)
    assert process.returncode == 143
    assert err.startswith("ddbbackup: terminated; ")
    assert "Traceback" not in err


def test_a_hangup_is_a_termination(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """A terminal that closes sends it to the whole group; afterwards nothing is left of it."""
    exports.export_seconds = (600.0, 600.0)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    process = start(program, "backup")
    while not any(export.table_arn.endswith(name) for export in exports.started):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGHUP)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 143
    assert "ddbbackup: terminated; exports that were started continue in AWS\nhint: " in err
    assert processes_of(process.pid) == []


def test_nohup_is_obeyed(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """Whoever starts the program with SIGHUP ignored wants it to go on."""
    exports.export_seconds = (2.0, 2.0)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(program, "backup")
    finally:
        signal.signal(signal.SIGHUP, before)
    while not any(export.table_arn.endswith(name) for export in exports.started):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
