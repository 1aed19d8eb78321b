"""Prices, the packaged ones and those laid over them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from ddbbackup.errors import UsageError
from ddbbackup.model.cost import Cost, RateName
from ddbbackup.pricing.prices import load_prices, packaged


def test_the_packaged_prices_have_every_rate_a_day_and_a_region() -> None:
    """What nobody could check says so, what nobody found has no price."""
    prices = packaged()
    assert set(prices.rates) == set(get_args(RateName))
    assert (prices.as_of, prices.region) == ("2026-09", "us-east-1")
    unverified = {name for name, rate in prices.rates.items() if rate.confidence == "unverified"}
    assert {"incremental_export", "point_in_time_restore", "pitr_month", "s3_month", "bulk_put"} <= unverified
    assert prices.rates["bulk_put"].usd is None


def test_costs_add_up_and_keep_months_apart() -> None:
    """Once and monthly are two sums; what has no price is in neither, and is said."""
    prices = packaged()
    gib = 1 << 30
    cost = prices.cost("full_export", 20 * gib) + prices.cost("pitr_month", 10 * gib)
    assert cost.usd == pytest.approx(2.0)
    assert cost.usd_monthly == pytest.approx(2.0)
    assert cost.unverified
    assert not cost.incomplete
    assert (Cost() + prices.cost("bulk_put", gib)).incomplete
    assert prices.cost("incremental_export", 1).usd == pytest.approx(0.1 * 10 / 1024)


def test_a_file_of_ones_own_is_laid_over_them(tmp_path: Path) -> None:
    """Only what it names changes; a plain number is enough."""
    own = tmp_path / "prices.yaml"
    own.write_text("format_version: 1\nas_of: '2026-11'\nregion: eu-west-1\nrates: {full_export: 0.114}\n")
    prices = load_prices(str(own))
    assert (prices.region, prices.as_of) == ("eu-west-1", "2026-11")
    assert prices.cost("full_export", 1 << 30).usd == pytest.approx(0.114)
    assert prices.rates["full_export"].confidence == "good"
    assert prices.rates["read_unit"] == packaged().rates["read_unit"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "format_version"),
        ("format_version: 1\nrates: {full_exports: 1}", "no rate `full_exports`"),
        ("format_version: 1\nrates: {full_export: -1}", "no price"),
        ("format_version: 1\nrates: {full_export: .nan}", "no price"),
        ("format_version: 1\nrates: {full_export: {usd: 1, per: 0}}", "no quantity"),
        ("format_version: 1\nrates: {full_export: {usd: 1, confidence: sure}}", "confidence"),
        ("format_version: 1\ncurrency: EUR", "not USD"),
        ("format_version: 1\nprices: {}", "no key `prices`"),
        ("a: [", "cannot be read"),
        ("!!python/object:os.system {}", "cannot be read"),
    ],
)
def test_what_is_no_list_of_prices_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the place of the mistake and a hint."""
    own = tmp_path / "prices.yaml"
    own.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        load_prices(str(own))
    assert caught.value.hint
