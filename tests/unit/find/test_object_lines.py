"""Lines that become one object, through S3's own upload API in the sandbox's memory."""

from __future__ import annotations

from ddbbackup.find.object_lines import part_bytes

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40


def test_parts_grow_so_that_ten_thousand_are_enough() -> None:
    """For the largest object of S3 (5 TB), and no part is smaller or larger than S3 accepts."""
    sizes = [part_bytes(number) for number in range(1, 10_001)]
    assert sizes[0] == 8 * MIB
    assert sizes == sorted(sizes)
    assert max(sizes) < 5 * GIB
    assert sum(sizes) >= 5 * TIB
    assert sum(size for size in sizes if size == 8 * MIB) >= 1.9 * GIB
