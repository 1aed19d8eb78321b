"""Histories of a table, as a full export and the incremental exports that follow it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_key

Item = Mapping[str, Any]
View = Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]
State = Mapping[tuple[object, ...], Item]
"""The items of a table by their comparable keys."""


@dataclass(frozen=True)
class History:
    """``states`` are the table at the beginning and at the end of each window; ``windows`` its changes, compacted."""

    names: tuple[str, ...]
    states: tuple[State, ...]
    windows: tuple[tuple[Mapping[str, Any], ...], ...]

    @property
    def base(self) -> list[Item]:
        return list(self.states[0].values())

    @property
    def end(self) -> list[Item]:
        return list(self.states[-1].values())

    def lines(self, view: View) -> Iterator[list[bytes]]:
        """The lines of each window, as AWS writes them (aws-facts: "incremental line")."""
        for window in self.windows:
            yield [change_line(change, view) for change in window]


def change_line(change: Mapping[str, Any], view: View) -> bytes:
    left_out = {"OldImage"} if view == "NEW_IMAGE" else set()
    members = {name: value for name, value in change.items() if name not in left_out}
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def replay(
    base: Iterable[Item], windows: Iterable[Iterable[tuple[Item, bool]]], names: Sequence[str]
) -> History:
    """The history of writes: an item to put, or with True one to delete. A window has the last change of each key."""
    state = {comparable_key(item, names): item for item in base}
    states: list[State] = [dict(state)]
    changes: list[tuple[Mapping[str, Any], ...]] = []
    micros = 1_768_387_643_000_000
    for writes in windows:
        before, written_at = dict(state), {}
        for item, is_delete in writes:
            key = comparable_key(item, names)
            micros += 1
            written_at[key] = (micros, {name: item[name] for name in names})
            if is_delete:
                state.pop(key, None)
            else:
                state[key] = item
        changes.append(
            tuple(
                _change(before.get(key), state.get(key), keys, at)
                for key, (at, keys) in written_at.items()
                if key in before or key in state
            )
        )
        states.append(dict(state))
    return History(tuple(names), tuple(states), tuple(changes))


def _change(old: Item | None, new: Item | None, keys: Item, micros: int) -> Mapping[str, Any]:
    change: dict[str, Any] = {
        "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
        "Keys": dict((old and {name: old[name] for name in keys}) or keys),
    }
    if old is not None:
        change["OldImage"] = old
    if new is not None:
        change["NewImage"] = new
    return change


@st.composite
def histories(
    draw: st.DrawFn, items: st.SearchStrategy[dict[str, Any]], names: Sequence[str] = ("id",)
) -> History:
    """Up to five windows of puts, updates, deletes, and inserts that are deleted again, over few keys."""
    known = draw(st.lists(items, max_size=12, unique_by=lambda item: comparable_key(item, names)))
    keys = [{name: item[name] for name in names} for item in known]
    again = st.builds(lambda item, key: {**item, **key}, items, st.sampled_from(keys)) if keys else items
    writes = st.lists(st.tuples(again | items, st.booleans()), max_size=10)
    windows = draw(st.lists(writes, max_size=5))
    return replay(known, windows, names)
