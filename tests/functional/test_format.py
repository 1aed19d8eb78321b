"""``docs/format.md``: its program restores a chain without ddbbackup."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

PAGE = Path(__file__).parents[2] / "docs" / "format.md"


def test_a_chain_is_restored_by_the_program_of_the_page(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock, tmp_path: Path
) -> None:
    """From a copy of the bucket, with the standard library."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *({"id": {"S": str(n)}, "v": {"N": "1E+2"}} for n in range(20)))
    clock.advance(2)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": "incremental"}]))
    for changed in ("new", "newer"):
        assert program.run("backup").code == 0
        sandbox.put(name, {"id": {"S": "3"}, "v": {"S": changed}}, {"id": {"S": changed}})
        sandbox.dynamodb.delete_item(TableName=name, Key={"id": {"S": "7" if changed == "new" else "8"}})
        clock.advance(3600)
    assert program.run("backup").code == 0
    for key in sandbox.keys(bucket):
        copy = tmp_path / "copy" / key.removeprefix("ddb/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(sandbox.read(bucket, key))
    last = sandbox.record_keys(bucket, name)[-1].removeprefix("ddb/")
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", source, tmp_path / "copy", last], capture_output=True, text=True, check=True
    )

    restored = [json.loads(line)["Item"] for line in done.stdout.splitlines()]
    assert in_order(restored) == sandbox.items(name)
    assert len(restored) == 20
    assert_summarized(sandbox, bucket, name)


def assert_summarized(aws: Aws, bucket: str, table: str) -> None:
    """As the page says. The ETags are those of a listing."""
    keys = aws.record_keys(bucket, table)
    folder = keys[0].rpartition("/")[0]
    listed = aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")["Contents"]
    etags = {each["Key"]: each["ETag"] for each in listed}
    expected = []
    for key in keys:
        record = json.loads(aws.read(bucket, key))
        needs = record["chain"]["needs"]
        digest = hashlib.sha256((record["table"]["id"] + "".join(needs)).encode()).hexdigest()[:8]
        previous = needs[-2] if len(needs) > 1 else None
        data, kind = record["data"], "window" if previous else "full"
        expected.append(
            [record["id"], etags[key], previous, digest, data["size_bytes"], "ok", kind, data["item_count"]]
        )
    rows = json.loads(aws.read(bucket, f"{folder}/summary.json"))["records"]
    assert [[*row[:4], *row[6:]] for row in rows] == expected
    assert all(row[4] <= before[5] for before, row in pairwise(rows))
    assert len(rows) == len(keys) == 3
