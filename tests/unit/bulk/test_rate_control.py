"""How hard the writer presses: laws of the window, the budget and the pauses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.rate_control import Budget, Window, backoff_seconds


@given(
    answers=st.lists(st.tuples(st.sampled_from(["ok", "slow"]), st.floats(0.0, 1.0), st.floats(0.001, 2.0)))
)
def test_a_window_never_closes_and_never_grows_beyond_its_bounds(
    answers: list[tuple[str, float, float]],
) -> None:
    """Whatever is answered, at least one request may be in flight and at most what was agreed."""
    window = Window(start=16, most=128)
    now = 0.0
    for answer, share, seconds in answers:
        now += seconds
        if answer == "ok":
            window.succeeded(seconds)
        else:
            window.slowed(now, seconds, share)
        assert 1 <= window.size <= 128


def test_a_throttle_halves_the_window_once_a_round_trip() -> None:
    """What was in flight meanwhile says the same again, and is not counted twice."""
    window = Window(start=64, most=128)
    window.slowed(1.0, 0.2)
    window.slowed(1.1, 0.2)
    assert window.size == 32
    window.slowed(1.3, 0.2)
    assert window.size == 16


def test_one_item_of_many_that_was_turned_away_is_a_hint_only() -> None:
    """The cut is in proportion to what was turned away."""
    window = Window(start=100, most=128)
    window.slowed(1.0, 0.2, 1 / 25)
    assert window.size == 98


def test_quick_answers_open_the_window_and_slow_ones_do_not() -> None:
    """A queue at the other end is no reason to send more."""
    window = Window(start=16, most=128)
    for _ in range(50):
        window.succeeded(0.005)
    grown = window.size
    assert grown > 16
    for _ in range(50):
        window.succeeded(1.0)
    assert window.size == grown


@given(rate=st.floats(1, 1e5), sizes=st.lists(st.integers(1, 25), min_size=1, max_size=200))
def test_a_budget_is_never_overdrawn_by_more_than_one_request(rate: float, sizes: list[int]) -> None:
    """Over any time from its start, what was sent is at most rate times time, a tenth of a second and a request."""
    budget = Budget(rate, 0.0)
    now = sent = 0.0
    for items in sizes:
        now += budget.wait_seconds(now) + 1e-6
        budget.answered(budget.sent(items), float(items), items)
        sent += items
        assert sent <= rate * (now + 0.1) + 26


@given(attempt=st.integers(0, 1000))
def test_pauses_grow_and_stay_below_their_cap(attempt: int) -> None:
    """Full jitter: anything from nothing on."""
    assert 0.0 <= backoff_seconds(attempt) <= min(10.0, 0.05 * 2.0 ** min(attempt, 16))
