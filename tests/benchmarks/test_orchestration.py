"""A thousand tables in one simulated night, on a clock of its own: nothing sleeps, the same every time."""

from __future__ import annotations

import pytest

from tests.benchmarks.orchestration.compare import TABLES, Nights, chapter, simulate
from tests.support.simulated_aws import IN_FLIGHT


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return simulate(tmp_path_factory.mktemp("night"), seed=7)


def test_every_table_is_recorded_soon_after_its_export_has_ended(nights: Nights) -> None:
    """With exports of 2 to 60 minutes: within 15 s on average and never later than 45 s."""
    assert len(nights.ours.lags) == TABLES
    assert nights.ours.mean_lag < 15
    assert nights.ours.worst_lag < 45
    assert nights.ours.mean_lag * 50 < nights.origin.mean_lag


def test_aws_is_never_asked_faster_than_it_allows(nights: Nights) -> None:
    """No more exports in flight than the quota, nothing throttled beyond one call in a hundred."""
    assert nights.ours.most_in_flight == IN_FLIGHT
    assert nights.ours.throttled <= 0.01 * nights.ours.waiting_calls


def test_looking_is_as_cheap_as_knowing_soon_allows(nights: Nights) -> None:
    """Calls within three times the origin's, and no more than it where nobody minds a minute."""
    assert nights.ours.waiting_calls < 3 * nights.origin.waiting_calls
    assert nights.rare.waiting_calls < 1.05 * nights.origin.waiting_calls
    assert nights.rare.mean_lag * 20 < nights.origin.mean_lag


def test_the_chapter_tells_both_sides(nights: Nights) -> None:
    """Every night has its row, with the figures that the targets are about."""
    text = chapter(nights)
    for night in (nights.origin, nights.ours, nights.rare):
        assert f"{night.waiting_calls:,}" in text
