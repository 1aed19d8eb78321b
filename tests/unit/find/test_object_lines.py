"""Lines that become one object: whole or not at all, in parts that S3 accepts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ddbbackup.find.object_lines import part_bytes, uploaded_whole
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.build import build
from tests.support.memory import MemoryObjects

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
PLAN = build({"version": 1, "name": "p"}, "plan.yaml", now=datetime(2026, 11, 26, tzinfo=UTC))
TO = S3Location("dumps", "orders.json")


def test_parts_grow_so_that_ten_thousand_are_enough() -> None:
    """For the largest object of S3 (5 TB), and no part is smaller or larger than S3 accepts."""
    sizes = [part_bytes(number) for number in range(1, 10_001)]
    assert sizes[0] == 8 * MIB
    assert sizes == sorted(sizes)
    assert max(sizes) < 5 * GIB
    assert sum(sizes) >= 5 * TIB
    assert sum(size for size in sizes if size == 8 * MIB) >= 1.9 * GIB


def test_several_parts_become_one_object() -> None:
    objects = MemoryObjects()
    content = bytes(range(250)) * 40_000
    with uploaded_whole(objects, PLAN, TO) as write:
        for start in range(0, len(content), 3 * MIB):
            write(content[start : start + 3 * MIB])
        assert objects.head(TO.bucket, TO.key) is None
    assert objects.read(TO.bucket, TO.key, limit_bytes=20 * MIB)[0] == content
    assert list(objects.uploads(TO.bucket, "")) == []


def test_an_error_leaves_neither_an_object_nor_an_upload() -> None:
    """Although a part was sent."""
    objects = MemoryObjects()

    def fail() -> None:
        with uploaded_whole(objects, PLAN, TO) as write:
            write(bytes(9 * MIB))
            assert [each.key for each in objects.uploads(TO.bucket, "")] == [TO.key]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert objects.head(TO.bucket, TO.key) is None
    assert list(objects.uploads(TO.bucket, "")) == []
