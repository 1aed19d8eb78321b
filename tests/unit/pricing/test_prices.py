"""Packaged prices, and price files of users."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from ddbbackup.errors import UsageError
from ddbbackup.model.cost import Cost, RateName
from ddbbackup.pricing.prices import load_prices, packaged


def test_the_packaged_prices_have_every_rate_a_date_and_a_region() -> None:
    """Rates that could not be checked are unverified, unknown ones have no price."""
    prices = packaged()
    assert set(prices.rates) == set(get_args(RateName))
    assert (prices.as_of, prices.region) == ("2026-09", "us-east-1")
    unverified = {name for name, rate in prices.rates.items() if rate.confidence == "unverified"}
    assert {"incremental_export", "point_in_time_restore", "pitr_month", "s3_month", "bulk_put"} <= unverified
    assert prices.rates["bulk_put"].usd is None


def test_costs_are_summed_once_and_by_month() -> None:
    """A line without a price is in neither sum, and makes the cost incomplete."""
    prices = packaged()
    gib = 1 << 30
    cost = prices.cost("full_export", 20 * gib) + prices.cost("pitr_month", 10 * gib)
    assert cost.usd == pytest.approx(2.0)
    assert cost.usd_monthly == pytest.approx(2.0)
    assert cost.unverified
    assert not cost.incomplete
    assert (Cost() + prices.cost("bulk_put", gib)).incomplete
    assert prices.cost("incremental_export", 1).usd == pytest.approx(0.1 * 10 / 1024)


def test_a_price_file_changes_only_the_rates_that_it_contains(tmp_path: Path) -> None:
    """A plain number is enough."""
    own = tmp_path / "prices.yaml"
    own.write_text("format_version: 1\nas_of: '2026-11'\nregion: eu-west-1\nrates: {full_export: 0.114}\n")
    prices = load_prices(str(own))
    assert (prices.region, prices.as_of) == ("eu-west-1", "2026-11")
    assert prices.cost("full_export", 1 << 30).usd == pytest.approx(0.114)
    assert prices.rates["full_export"].confidence == "good"
    assert prices.rates["read_unit"] == packaged().rates["read_unit"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "`format_version: 1` is missing"),
        ("format_version: 1\nrates: [1]", "`rates` is not a mapping"),
        ("format_version: 1\nrates: {full_exports: 1}", "unknown rate `full_exports`"),
        ("format_version: 1\nrates: {full_export: -1}", "no valid price"),
        ("format_version: 1\nrates: {full_export: .nan}", "no valid price"),
        ("format_version: 1\nrates: {full_export: 1" + "0" * 400 + "}", "no valid price"),
        ("format_version: 1\nrates: {full_export: yes}", "no valid price"),
        ("format_version: 1\nrates: {full_export: {usd: 1, per: 0}}", "not a valid quantity"),
        ("format_version: 1\nrates: {full_export: {usd: 1, confidence: sure}}", "confidence"),
        ("format_version: 1\ncurrency: EUR", "`currency` is not USD"),
        ("format_version: 1\nprices: {}", "unknown key `prices`"),
        ("a: [", "could not read"),
        ("!!python/object:os.system {}", "could not read"),
        ("[" * 5000, "could not read"),
    ],
    ids=lambda value: value[:40],
)
def test_an_invalid_price_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """The message names the problem."""
    own = tmp_path / "prices.yaml"
    own.write_text(text)
    with pytest.raises(UsageError, match=problem) as caught:
        load_prices(str(own))
    assert caught.value.hint


def test_a_directory_and_a_missing_file_are_explained(tmp_path: Path) -> None:
    """In words, and not as ``[Errno 21]``."""
    with pytest.raises(UsageError) as raised:
        load_prices(str(tmp_path))
    assert raised.value.message == f"could not read the prices in {tmp_path}: is a directory"
    assert raised.value.hint == f"name a file in that directory, such as {tmp_path / 'FILE'}"
    with pytest.raises(UsageError) as raised:
        load_prices(str(tmp_path / "x.yaml"))
    assert raised.value.message.endswith("x.yaml: no such file or directory")
