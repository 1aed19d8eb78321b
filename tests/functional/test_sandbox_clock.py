"""A process of ddbbackup that is started later, for the demo and for tests, agrees with a sandbox that is ahead."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

HOUR = 3600


def later(program: Program, seconds: int, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "ddbbackup.sandbox.later", str(seconds), *arguments, "--output", "json"],
        cwd=program.directory,
        env=dict(program.environment),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_backup_and_restore_run_an_hour_later(
    sandbox: Aws, running_sandbox: Sandbox, bucket: str, name: str, program: Program
) -> None:
    """With worker processes, signatures of the real time, and a time that is relative to the clock."""
    sandbox.create_table(name, pitr=True)
    items = [{"id": {"S": f"{number}"}} for number in range(30)]
    sandbox.put(name, *items)
    restores = {"back": {"table": name, "from": "30m", "to": {"table": f"{name}-new"}, "method": "write"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    try:
        running_sandbox.clock.advance(HOUR)
        later(program, HOUR, "backup")
        running_sandbox.clock.advance(HOUR)
        later(program, 2 * HOUR, "restore", "back")
    finally:
        running_sandbox.clock.ahead_seconds = 0.0

    (key,) = [key for key in sandbox.record_keys(bucket, name) if key.rpartition("/")[2][:1] == "2"]
    started = datetime.fromisoformat(json.loads(sandbox.read(bucket, key))["started_at"])
    assert started - datetime.now(UTC) > timedelta(seconds=HOUR - 300)
    assert sandbox.items(f"{name}-new") == in_order(items)
