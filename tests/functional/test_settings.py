"""A table with everything set comes back with everything set, whatever happens on the way.

On the sandbox, which emulates AWS: what it proves is the order, the waiting and the comparing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.aws import Aws, in_order
from tests.support.everything import Everything
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": "a"}, "at": {"S": f"{n:03d}"}, "who": {"S": "w"}} for n in range(40)]


@pytest.fixture
def everything(sandbox: Aws, name: str) -> Everything:
    """The everything-table, with items."""
    table = Everything(sandbox, name)
    table.create()
    sandbox.put(name, *ITEMS)
    return table


def restoring(aws: Aws, bucket: str, name: str, target: str, **to: Any) -> str:
    """A plan that backs a table up, with one restore of it, `back`."""
    restore = {"table": name, "method": "write", "to": {"table": target, **to}}
    return plan(aws, bucket, tables=[{"name": name}], restores={"back": restore})


def settings(result: Result) -> dict[str, dict[str, Any]]:
    return {each["setting"]: each for each in result.report["outcomes"][0]["facts"]["settings"]}


def statuses(result: Result) -> dict[str, str]:
    return {name: each["status"] for name, each in settings(result).items()}


def record(aws: Aws, bucket: str, name: str) -> dict[str, Any]:
    (key,) = [key for key in aws.keys(bucket, f"ddb/{name}/ddbbackup/") if key.endswith(".json")]
    return dict(json.loads(aws.read(bucket, key)))


def test_the_everything_table_comes_back_as_it_was(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Backed up, deleted, restored with `settings: all`: every read compares equal, volatile fields aside."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    assert program.run("backup").code == 0
    before = everything.settings()
    everything.delete()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert everything.settings() == before
    assert aws.items(name) == in_order(ITEMS)
    assert set(statuses(done).values()) == {"put back", "unchanged"}
