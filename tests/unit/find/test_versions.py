"""The versions of items over restore points."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.search_history import Sighting
from ddbbackup.find.versions import PointOfHistory, versions

START = datetime(2026, 11, 23, 14, tzinfo=UTC)


def point(number: int, *, window: bool = False) -> PointOfHistory:
    time = START + timedelta(hours=number)
    return PointOfHistory(f"p{number}", time, time, window)


def micros(number: float) -> int:
    return round((START + timedelta(hours=number)).timestamp() * 1_000_000)


def line(**values: Any) -> bytes:
    return json.dumps({"Item": {"id": {"S": "a"}} | values}).encode() + b"\n"


def test_a_window_shows_a_delete_of_what_no_backup_held() -> None:
    """Added and deleted between two restore points."""
    points = [point(0), point(1, window=True)]
    (found,) = versions(points, [Sighting(1, b"a", None, micros(0.5))])
    assert (found.point.id, found.change, found.line) == ("p1", "deleted", None)


def test_a_delete_in_two_backups_is_one_version() -> None:
    """A window begins with the second in which the backup before it ends."""
    points = [point(0), point(1), point(2, window=True), point(3, window=True)]
    sightings = [
        Sighting(0, b"a", line()),
        Sighting(2, b"a", None, micros(0.9)),
        Sighting(3, b"a", None, micros(0.9)),
    ]
    assert [(each.point.id, each.change) for each in versions(points, sightings)] == [
        ("p1", "deleted"),
        ("p0", "added"),
    ]


def test_attributes_that_differ_are_named_by_value() -> None:
    """The order of attributes and of sets does not count, and `1` is `1.0`."""
    points = [point(0), point(1), point(2)]
    one = line(n={"N": "1"}, s={"SS": ["a", "b"]}, gone={"S": "x"})
    same = line(s={"SS": ["b", "a"]}, gone={"S": "x"}, n={"N": "1.0"})
    other = line(n={"N": "1"}, s={"SS": ["a"]}, new={"BOOL": True})
    found = versions(points, [Sighting(n, b"a", each) for n, each in enumerate((one, same, other))])
    assert [(each.point.id, each.change, each.attributes) for each in found] == [
        ("p2", "changed", ("gone", "new", "s")),
        ("p0", "added", ()),
    ]


@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.integers(0, 2)),
        min_size=1,
        max_size=8,
    )
)
def test_the_versions_up_to_a_restore_point_are_its_items(steps: list[tuple[bool, list[str], int]]) -> None:
    """The law: whoever takes the newest version of each item at a point has what the point holds."""
    table: dict[str, int] = {}
    points, sightings, states = [], [], []
    for number, (window, touched, value) in enumerate(steps):
        is_window = window and number > 0
        points.append(point(number, window=is_window))
        for key in touched:
            if value:
                table[key] = value
            else:
                table.pop(key, None)
            if is_window:
                content = line(v={"N": f"{value}"}) if value else None
                sightings.append(Sighting(number, key.encode(), content, micros(number - 0.5)))
        if not is_window:
            sightings += [
                Sighting(number, key.encode(), line(v={"N": f"{held}"})) for key, held in table.items()
            ]
        states.append(dict(table))
    found = versions(points, sightings)
    for each, state in zip(points, states, strict=True):
        newest: dict[str, Any] = {}
        for version in reversed(found):
            if version.point.time <= each.time:
                newest[version.key.decode()] = version.line
        held = {
            key: int(json.loads(content)["Item"]["v"]["N"])
            for key, content in newest.items()
            if content is not None
        }
        assert held == state
