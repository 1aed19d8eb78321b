"""A thousand tables in one simulated night, on a clock of its own: nothing sleeps, the same every time."""

from __future__ import annotations

import pytest

from tests.benchmarks.orchestration.compare import CALLS, TABLES, Nights, chapter, simulate
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
    for night in (nights.ours, nights.blind):
        assert night.most_in_flight <= IN_FLIGHT
        assert night.throttled <= 0.01 * night.waiting_calls


def test_a_history_of_90_days_costs_no_calls(nights: Nights) -> None:
    """ListExports shows the history of a table before the newest export of the next one."""
    assert nights.ours.waiting_calls <= CALLS
    assert nights.ours.calls["ListExports"] == 0


def test_ends_are_found_also_where_s3_does_not_answer(nights: Nights) -> None:
    """Later, but within the same calls."""
    assert len(nights.blind.lags) == TABLES
    assert nights.blind.worst_lag < 1200
    assert nights.blind.waiting_calls <= CALLS


def test_the_chapter_tells_both_sides(nights: Nights) -> None:
    """Every night has its row, with the figures that the targets are about."""
    text = chapter(nights)
    for night in (nights.origin, nights.ours, nights.blind):
        assert f"{night.waiting_calls:,}" in text
        assert f"{night.looks:,}" in text
