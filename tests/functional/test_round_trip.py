"""Items, exported and restored, are the same items."""

from __future__ import annotations

import secrets
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.aws import Aws, in_order, line
from tests.support.items import tables
from tests.support.plans import plan
from tests.support.program import Program

SLOW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
Item = dict[str, Any]


def back_up_and_restore(aws: Aws, bucket: str, directory: Path, items: list[Item]) -> list[Item]:
    """Puts the items, backs up the table, restores it into a new table, and reads that."""
    name = f"t-{secrets.token_hex(6)}"
    aws.create_table(name, pitr=True)
    aws.put(name, *items)
    program = Program(directory)
    program.plan(
        plan(
            aws,
            bucket,
            tables=[{"name": name}],
            restores={"copy": {"table": name, "to": {"table": f"{name}-2"}}},
        )
    )
    backed_up = program.run("backup")
    assert backed_up.code == 0, backed_up.err
    restored = program.run("restore", "copy")
    assert restored.code == 0, restored.err
    return aws.items(f"{name}-2")


@SLOW
@given(items=tables())
def test_every_item_is_restored_unchanged(
    sandbox: Aws, bucket: str, tmp_path: Path, items: list[Item]
) -> None:
    """With any attribute types, names, nesting, digits and characters."""
    assert back_up_and_restore(sandbox, bucket, tmp_path, items) == in_order(items)


def test_the_largest_items_are_restored_unchanged(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """400 KB as moto counts them (with base64): binary, text, and many small numbers."""
    items: list[Item] = [
        {"id": {"S": f"binary {n}"}, "b": {"B": "AP+A" * (399 * 1024 // 4)}} for n in range(5)
    ] + [
        {"id": {"S": "text"}, "s": {"S": "x" * (390 * 1000)}},
        {"id": {"S": "other text"}, "s": {"S": "ü" * 30_000}},
        {"id": {"S": "list"}, "l": {"L": [{"N": str(n)} for n in range(9_000)]}},
    ]
    assert back_up_and_restore(sandbox, bucket, tmp_path, items) == in_order(items)


def test_an_empty_table_is_restored_empty(sandbox: Aws, bucket: str, tmp_path: Path) -> None:
    """An export without items is a complete backup."""
    assert back_up_and_restore(sandbox, bucket, tmp_path, []) == []


@pytest.mark.parametrize("existing", ["fail", "keep"])
@settings(SLOW, max_examples=4)
@given(items=tables(), cuts=st.lists(st.integers(0, 40), max_size=3))
def test_items_are_restored_from_data_files_of_any_size(
    sandbox: Aws, bucket: str, tmp_path: Path, existing: str, items: list[Item], cuts: list[int]
) -> None:
    """Also from empty files, by BatchWriteItem and by PutItem."""
    name = f"t-{secrets.token_hex(6)}"
    sandbox.create_table(name)
    edges = sorted({0, *(cut for cut in cuts if cut < len(items)), len(items)})
    files = [[line(item) for item in items[a:b]] for a, b in pairwise(edges)] or [[]]
    uri = sandbox.put_export(bucket, files, prefix=f"{name}/")
    program = Program(tmp_path)
    restore = {"table": "gone", "from": {"s3_uri": uri}, "to": {"table": name}, "existing": existing}
    program.plan(plan(sandbox, bucket, tables=[{"name": "gone"}], restores={"back": restore}))

    done = program.run("restore", "back")

    assert done.code == 0, done.err
    assert sandbox.items(name) == in_order(items)
