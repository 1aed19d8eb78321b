"""SIGHUP is treated as SIGTERM, at any time; nothing of an interrupted run keeps running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from ddbbackup.model.export_pace import START_BURST
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
    told = f"ddbbackup: terminated; the export of {name} (was started and|may have been started and then) continues"
    assert re.search(told, err)
    assert "`ddbbackup wait`" in err
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


def test_ctrl_c_counts_what_was_started_and_what_was_not(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """What has not begun has no record, so that nobody takes it for an export that runs. The hint can be typed."""
    exports.export_seconds = (600.0, 600.0)
    tables = [f"{name}-{number:02}" for number in range(START_BURST + 4)]
    for table in tables:
        sandbox.create_table(table, pitr=True)
    sandbox.create_table(f"{name}-off")
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))
    (program.directory / "ddbbackup.yaml").rename(program.directory / "eu.yaml")
    process = start(program, "backup", "-f", "eu.yaml")
    while sum(f"/{name}-" in export.table_arn for export in exports.started) < START_BURST:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(
        1.2
    )  # until the last table is looked at, too: AWS allows ten reads of recovery windows a second
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130

    started = sum(f"/{name}-" in export.table_arn for export in exports.started)
    recorded = sum(len(sandbox.record_keys(bucket, table)) for table in tables)
    # A record is written just before its export starts, and an export is counted once AWS has answered.
    assert started <= recorded <= started + 1 < len(tables)
    told = re.search(rf"the exports of (\d+) tables \({name}-", err)
    assert told is not None, err
    assert started - 1 <= int(told[1]) <= recorded, err
    assert f"the backup of {name}-off has failed" in err
    assert re.search(r"the backups? of .*(was|were) not started", err)
    assert re.search(r"hint: run the same command with `--run-id \S+` to continue this run", err)


def test_ctrl_c_of_wait_says_what_goes_on_in_aws(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """The hint continues with `wait` itself: `--run-id` would choose the backups of one run."""
    exports.export_seconds = (600.0, 600.0)
    tables = [f"{name}-a", f"{name}-b"]
    for table in tables:
        sandbox.create_table(table, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": table} for table in tables]))
    assert program.run("backup", "--no-wait").code == 0
    process = start(program, "wait")
    seen = ""
    assert process.stderr is not None
    while seen.count("export.reattached") < len(tables):
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    for table in tables:
        assert f"the export of {table} was started and continues in AWS" in err
    assert "--run-id" not in err
