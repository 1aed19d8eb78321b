"""Two plans in one vault restore into the same table: they share its lock."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def test_a_restore_of_another_plan_on_another_machine_is_refused(
    sandbox: Aws, bucket: str, name: str, tmp_path: Path
) -> None:
    """The lock is that of the target table, whatever the plan is called."""
    sandbox.create_table(name)
    sandbox.put(name, {"id": {"S": "a"}})
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}, "existing": "overwrite"}}
    machines = []
    for plan_name in ("first", "second"):
        (tmp_path / plan_name).mkdir()
        program = Program(tmp_path / plan_name)
        entries = [{"name": name, "method": "scan"}]
        program.plan(plan(sandbox, bucket, name=plan_name, tables=entries, restores=restores))
        assert program.run("backup").code == 0
        machines.append(program)
    first, second = machines
    assert first.run("restore", "back", "--yes").code == 0
    (key,) = [key for key in sandbox.keys(bucket) if key.endswith("/state.json")]
    assert key == f"ddb/ddbbackup/_restores/123456789012/eu-west-1/{name}-2/state.json"

    ended = threading.Event()
    document = json.loads(sandbox.read(bucket, key)) | {"holder": "h", "machine": "m", "run": "ci-1"}

    def renew() -> None:
        """As the run of the first plan does while it works."""
        while True:
            document["renewals"] += 1
            sandbox.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode())
            if ended.wait(0.5):
                return

    holder = threading.Thread(target=renew)
    holder.start()
    try:
        done = second.run("restore", "back", "--yes", "--output", "json")
    finally:
        ended.set()
        holder.join()
    assert done.code == 1, done.err
    assert done.error["message"].startswith("the run ci-1 on another machine is restoring into this table")
