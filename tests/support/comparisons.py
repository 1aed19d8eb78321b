"""Restore points and tables that differ, in memory."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from ddbbackup.bulk.point_lines import PointData
from tests.support.items import items, scalars
from tests.support.memory import MemoryObjects
from tests.support.memory_table import KEYS, TABLE, data_file

Item = dict[str, Any]
IDS = st.sampled_from(["a", "b", "é", '"', "\\u0041", "c", "d", "\u2028", "1", "1.0"])
FEW_ITEMS = st.builds(lambda identity, value: {"id": {"S": identity}, "v": value}, IDS, scalars)


def line(item: Item) -> bytes:
    return json.dumps({"Item": item}, separators=(",", ":"), ensure_ascii=False).encode()


def point_of(objects: MemoryObjects, point: list[Item], files: int = 2) -> PointData:
    lines = list(map(line, point))
    return PointData(
        tuple(data_file(objects, f"data/{n}", lines[n::files]) for n in range(files)), KEYS, TABLE
    )


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[Item], list[Item]]:
    """A table, and the same after some edits."""
    point = draw(st.lists(items(), max_size=25, unique_by=lambda item: item["id"]["S"]))
    live = [
        {**item, "v": draw(scalars)} if draw(st.integers(0, 3)) == 0 else dict(reversed(item.items()))
        for item in point
        if draw(st.integers(0, 3))
    ]
    known = {item["id"]["S"] for item in point}
    more = draw(st.lists(items(), max_size=5, unique_by=lambda item: item["id"]["S"]))
    return point, live + [item for item in more if item["id"]["S"] not in known]
