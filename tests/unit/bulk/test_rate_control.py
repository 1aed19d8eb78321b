"""Rate control: properties of the concurrency limit, the token bucket and the backoff."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.rate_control import ConcurrencyLimit, TokenBucket, backoff_seconds


@given(
    responses=st.lists(
        st.tuples(st.sampled_from(["success", "throttle"]), st.floats(0.0, 1.0), st.floats(0.001, 2.0))
    )
)
def test_the_limit_stays_between_one_and_its_maximum(responses: list[tuple[str, float, float]]) -> None:
    """Whatever the server responds."""
    limit = ConcurrencyLimit(start=16, maximum=128)
    now = 0.0
    for kind, share, seconds in responses:
        now += seconds
        if kind == "success":
            limit.on_success(seconds)
        else:
            limit.on_throttle(now, seconds, share)
        assert 1 <= limit.value <= 128


def test_throttling_halves_the_limit_once_per_round_trip() -> None:
    """Requests that were in flight at the time carry the same signal, which must not count twice."""
    limit = ConcurrencyLimit(start=64, maximum=128)
    limit.on_throttle(1.0, 0.2)
    limit.on_throttle(1.1, 0.2)
    assert limit.value == 32
    limit.on_throttle(1.3, 0.2)
    assert limit.value == 16


def test_the_cut_is_proportional_to_the_throttled_share() -> None:
    """One unprocessed item of 25 is a weak signal."""
    limit = ConcurrencyLimit(start=100, maximum=128)
    limit.on_throttle(1.0, 0.2, 1 / 25)
    assert limit.value == 98


def test_only_fast_responses_raise_the_limit() -> None:
    """Slow responses mean that requests wait in a queue at the server."""
    limit = ConcurrencyLimit(start=16, maximum=128)
    for _ in range(50):
        limit.on_success(0.005)
    raised = limit.value
    assert raised > 16
    for _ in range(50):
        limit.on_success(1.0)
    assert limit.value == raised


@given(rate=st.floats(1, 1e5), sizes=st.lists(st.integers(1, 25), min_size=1, max_size=200))
def test_the_rate_is_exceeded_by_one_request_at_most(rate: float, sizes: list[int]) -> None:
    """From its start, a bucket allows at most rate times time, plus a tenth of a second and one request."""
    bucket = TokenBucket(rate, 0.0)
    now = sent = 0.0
    for items in sizes:
        now += bucket.wait_seconds(now) + 1e-6
        bucket.settle(bucket.reserve(items), float(items), items)
        sent += items
        assert sent <= rate * (now + 0.1) + 26


@given(attempt=st.integers(0, 1000))
def test_backoff_grows_up_to_its_cap(attempt: int) -> None:
    """Full jitter: the lower bound is always zero."""
    assert 0.0 <= backoff_seconds(attempt) <= min(10.0, 0.05 * 2.0 ** min(attempt, 16))
