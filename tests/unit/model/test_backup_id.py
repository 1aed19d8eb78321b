"""The instant of a backup ID, read in two ways."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from ddbbackup.model.backup_id import seconds_of_id, time_of_id

_NUMBERS = [st.integers(0, high) for high in (9999, 13, 32, 25, 61, 61)]


@given(st.tuples(*_NUMBERS))
@example((2024, 2, 29, 23, 59, 59))
@example((2023, 2, 29, 0, 0, 0))
def test_both_read_the_same_instant_or_refuse_the_same_text(parts: tuple[int, ...]) -> None:
    """Also what no calendar has."""
    backup_id = "{:04}{:02}{:02}T{:02}{:02}{:02}Z-0badcafe".format(*parts)
    assert _seconds(seconds_of_id, backup_id) == _seconds(
        lambda text: time_of_id(text).timestamp(), backup_id
    )


@given(st.text("0123456789TZ- \n", max_size=26))
def test_both_refuse_other_texts(text: str) -> None:
    assert _seconds(seconds_of_id, text) is None
    assert _seconds(lambda each: time_of_id(each).timestamp(), text) is None


def _seconds(read: Callable[[str], float], backup_id: str) -> float | None:
    try:
        return read(backup_id)
    except ValueError:
        return None
