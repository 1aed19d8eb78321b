"""The change log of a table: its states and its net changes agree, whatever was written."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.sandbox.change_log import Change, ChangeLog

SECOND = 1_000_000
Write = tuple[str, str | None, int]
"""A key, the image that it is given (None: it is deleted), and the microseconds since the write before."""


def write_all(
    writes: Sequence[Write],
) -> tuple[ChangeLog[str], dict[str, str], list[tuple[int, dict[str, str]]]]:
    """The log, the last state, and the state before each of the instants between the writes."""
    log: ChangeLog[str] = ChangeLog()
    table: dict[str, str] = {}
    now, states = SECOND, [(0, dict(table))]
    for key, image, passed in writes:
        now += passed
        states.append((log.boundary(now), dict(table)))
        old = table.pop(key, None)
        if image is not None:
            table[key] = image
        if old is not None or image is not None:
            log.append(key, old, image, now=now)
    states.append((log.boundary(now), dict(table)))
    return log, table, states


def as_of(log: ChangeLog[str], table: dict[str, str], instant: int) -> dict[str, str]:
    state: dict[str, str | None] = {**table, **{str(key): old for key, old in log.before(instant).items()}}
    return {key: image for key, image in state.items() if image is not None}


writes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from("xyz"), st.integers(0, 3 * SECOND)),
    max_size=25,
)


@given(writes)
def test_every_state_can_be_read_later(written: Sequence[Write]) -> None:
    log, table, states = write_all(written)

    assert all(as_of(log, table, instant) == state for instant, state in states)


@given(writes, st.data())
def test_the_net_changes_of_a_window_lead_from_its_start_to_its_end(
    written: Sequence[Write], data: st.DataObject
) -> None:
    """One change per key, with the old image of the start. Laid over an older state too, they give the end."""
    log, _, states = write_all(written)
    first = data.draw(st.integers(0, len(states) - 1))
    last = data.draw(st.integers(first, len(states) - 1))
    (start, before), (end, after) = states[first], states[last]

    changes = log.net_changes(start, end)

    assert len({change.key for change in changes}) == len(changes)
    assert all(before.get(str(change.key)) == change.old for change in changes)
    result = dict(before)
    for change in changes:
        result.pop(str(change.key), None)
        if change.new is not None:
            result[str(change.key)] = change.new
    assert result == after


def test_writes_of_the_same_microsecond_are_in_order() -> None:
    """An instant is before or after a write, never at the same time as two."""
    log: ChangeLog[str] = ChangeLog()
    for image in ("x", "y", "z"):
        log.append("a", None, image, now=5)

    assert log.net_changes(0, 7) == [Change(6, "a", None, "y")]
    assert log.boundary(5) == 1000
    log.append("a", "z", None, now=9)
    assert log.net_changes(0, 1000) == [Change(7, "a", None, "z")]


def test_the_log_is_bounded_by_time() -> None:
    log: ChangeLog[str] = ChangeLog()
    for second in range(10):
        log.append("a", None, "x", now=second * SECOND)

    log.forget(7 * SECOND)

    assert len(log) == 3
