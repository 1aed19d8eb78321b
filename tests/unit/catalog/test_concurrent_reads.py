"""Many reads at once: in order, bounded, and without waiting for a thread that waits itself."""

from __future__ import annotations

import threading
import time

import pytest

from ddbbackup.catalog.concurrent_reads import READS_AT_ONCE, read_concurrently


class _Gauge:
    """Counts how many threads read at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0
        self.reads = 0

    def read(self, thing: int) -> int:
        with self._lock:
            self._now += 1
            self.reads += 1
            self.most = max(self.most, self._now)
        time.sleep(0.002)
        with self._lock:
            self._now -= 1
        return thing * 2


def test_results_have_the_order_of_the_things() -> None:
    gauge = _Gauge()
    assert read_concurrently(gauge.read, range(300)) == [number * 2 for number in range(300)]
    assert 1 < gauge.most <= READS_AT_ONCE


def test_nothing_to_read() -> None:
    assert read_concurrently(_Gauge().read, ()) == []


@pytest.mark.parametrize("at_once", [1, 4])
def test_at_most_so_many_at_once(at_once: int) -> None:
    gauge = _Gauge()
    read_concurrently(gauge.read, range(50), at_once=at_once)
    assert gauge.most <= at_once


def test_the_first_thing_that_cannot_be_read_is_the_error_and_the_rest_is_not_read() -> None:
    gauge = _Gauge()

    def read(number: int) -> int:
        if number in (3, 4):
            raise ValueError(number)
        return gauge.read(number)

    with pytest.raises(ValueError, match="3"):
        read_concurrently(read, range(10_000), at_once=2)
    assert gauge.reads < 100


def test_reads_that_read_concurrently_themselves_end_and_start_no_more_threads() -> None:
    """More callers than threads, each of which reads chains of chains: a pool that they wait for would never end."""

    def chains(number: int) -> int:
        return sum(read_concurrently(links, range(number, number + 5)))

    def links(number: int) -> int:
        return sum(read_concurrently(lambda each: each, range(number)))

    found = read_concurrently(chains, range(3 * READS_AT_ONCE))
    assert found[:2] == [sum(sum(range(each)) for each in range(start, start + 5)) for start in (0, 1)]
    threads = [each for each in threading.enumerate() if each.name.startswith("catalog")]
    assert len(threads) <= READS_AT_ONCE
