"""The numbers in ``docs/pacing-and-cost.md`` are those of the code that paces, and of the prices of estimates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ddbbackup.model.export_pace import START_BURST, START_SECONDS
from ddbbackup.ports import EXPORTS_IN_FLIGHT
from ddbbackup.pricing.prices import load_prices

PAGES = Path(__file__).parents[3] / "docs"
PAGE = (PAGES / "pacing-and-cost.md").read_text(encoding="utf-8")
GIB = 1024**3
HOURS, NIGHTS, DAYS = 24 * 30, 30, 30


def flat() -> str:
    return " ".join(PAGE.split())


def seconds_until_started(tables: int) -> float:
    return max(0, tables - START_BURST) * START_SECONDS


@pytest.mark.parametrize(
    ("tables", "text"), [(12, "a few seconds"), (50, "57 seconds"), (200, "5 minutes"), (300, "7 minutes")]
)
def test_the_starts_of_many_exports(tables: int, text: str) -> None:
    """As the scheduler spaces them."""
    seconds = seconds_until_started(tables)
    expected = f"{seconds:.0f} seconds" if seconds < 60 else f"{seconds / 60:.0f} minutes"
    assert text == (expected if seconds else "a few seconds")
    assert f"| {tables} | {text} |" in PAGE


def test_the_limits_of_starting() -> None:
    assert f"starts {START_BURST} at once and then {60 / START_SECONDS:.0f} a minute" in flat()
    assert f"AWS runs {EXPORTS_IN_FLIGHT} exports at a time" in flat()
    pipeline = (PAGES / "how-to" / "run-in-a-pipeline.md").read_text(encoding="utf-8")
    assert f"{60 / START_SECONDS:.0f} starts of exports a minute, so 200 tables take five minutes" in pipeline


def test_the_prices_are_those_of_the_estimates() -> None:
    """Each price in the tables, in the unit that the page names."""
    prices = load_prices(None)

    def usd(rate: str, quantity: float = GIB) -> str:
        found = prices.rates[rate]
        assert found.usd is not None
        return f"{found.usd / found.per * quantity:.3f}".rstrip("0").ljust(4, "0")

    for row, text in {
        "`export`": f"{usd('full_export')} USD per GiB",
        "`incremental`": f"{usd('incremental_export')} USD per GiB",
        "`scan`": f"{usd('read_unit', 1e6)} USD per million read units",
        "`snapshot`": f"{usd('snapshot_month')} USD per GiB and month",
        "`write`": f"{usd('write_unit', 1e6)} USD per million write units on demand",
        "`import`": f"{usd('import')} USD per GiB",
        "`point-in-time`, `snapshot`": f"{usd('point_in_time_restore')} USD per GiB",
    }.items():
        assert re.search(rf"^\| {row} \|.*\| {re.escape(text)} \|$", PAGE, re.MULTILINE), (row, text)
    assert f"({usd('pitr_month')} USD per GiB of table and month)" in flat()
    assert f"({usd('s3_month')} USD per GiB and month)" in flat()
    assert usd("snapshot_restore") == usd("point_in_time_restore"), "they share a row"
    assert f"of {prices.region} in {prices.as_of}" in flat()


def test_the_examples_are_calculated() -> None:
    """For a table of 100 GiB, and months of 30 days."""
    rates = load_prices(None).rates
    export, window, read = rates["full_export"], rates["incremental_export"], rates["read_unit"]
    assert export.usd is not None
    assert window.usd is not None
    assert read.usd is not None
    nightly = 100 * GIB / export.per * export.usd * NIGHTS
    windows = HOURS * window.minimum / window.per * window.usd
    scans = 100 * GIB / 4096 / read.per * read.usd * NIGHTS
    assert f"| {nightly:.0f} USD |" in PAGE
    assert f"{nightly / NIGHTS:.0f} USD, and {windows:.2f} USD for the windows" in PAGE
    assert f"| {scans:.0f} USD on demand |" in PAGE
    assert f"cost {windows * 100:.0f} USD a month" in flat()
    assert f"at least {window.minimum // 1024**2} MiB" in PAGE
