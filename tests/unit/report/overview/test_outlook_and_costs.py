"""What retention will remove, and what a month costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ddbbackup.plan.model import Retention, TableEntry
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.overview.costs import monthly_cost
from ddbbackup.report.overview.outlook import describe, outlook
from ddbbackup.report.overview.points import KnownPoint, known_points
from ddbbackup.retention.decision import decision_of
from ddbbackup.retention.survey import read_table
from tests.support.vaults import DAY, HOUR, TODAY, Vault

GIB = 1 << 30


def test_what_is_removed_later_is_what_the_policy_removes_then() -> None:
    """Ten nightly backups and `keep_last: 12`: in a week five of these are too many, in a month all of them."""
    vault = Vault()
    for ago in range(10, 0, -1):
        vault.full(TODAY - DAY * ago)
    policy = Retention(keep_last=12)
    survey = read_table(vault.catalog, vault.location)
    decision = decision_of(survey, policy, vault.catalog, now=TODAY)
    found = outlook(policy, survey, decision, known_points(survey), full_every_seconds=86_400)
    assert (found.keeps, found.removes, found.oldest) == (10, 0, None)
    assert [(each.days, each.points) for each in found.later] == [(7, 5), (30, 10)]


def test_a_chain_goes_on_until_its_next_full_backup() -> None:
    """Until then its first backups are needed, whatever the policy keeps."""
    vault = Vault()
    vault.chain(TODAY - 10 * DAY, 9, every=DAY)
    policy = Retention(keep_last=1)
    survey = read_table(vault.catalog, vault.location)
    decision = decision_of(survey, policy, vault.catalog, now=TODAY)
    points = known_points(survey)
    soon = outlook(policy, survey, decision, points, full_every_seconds=20 * 86_400)
    assert [each.points for each in soon.later] == [0, 10]


def test_a_policy_in_words() -> None:
    policy = Retention(keep_last=3, keep_within_seconds=7 * 86_400)
    assert describe(policy) == "keep_last 3, keep_within 7d, min_verified 1"


def point(ago: timedelta, kind: str, size_bytes: int) -> KnownPoint:
    at = TODAY - ago
    return KnownPoint(f"{at:%Y%m%dT%H%M%SZ}-00000000", at, at, kind, size_bytes, 1)  # type: ignore[arg-type]


def test_a_month_is_storage_exports_and_recovery() -> None:
    """At the list prices: 3 GiB in S3, 1 GiB of on-demand backups, two exports of 10 GiB in 30 days, one window."""
    points = [
        point(40 * DAY, "full", GIB),
        point(20 * DAY, "full", GIB),
        point(10 * DAY, "full", GIB - 1),
        point(HOUR, "window", 1),
        point(5 * DAY, "snapshot", GIB),
    ]
    entry = TableEntry(0, "vault", name="orders", method="incremental")
    cost = monthly_cost(points, entry, 10 * GIB, prices=packaged(), now=TODAY)
    usd = {line.name: line.usd for line in cost.lines}
    assert usd == pytest.approx(
        {
            "s3_month": 3 * 0.023,
            "snapshot_month": 0.10,
            "incremental_export": 0.10 * 10 / 1024,
            "full_export": 2 * 10 * 0.10,
            "pitr_month": 10 * 0.20,
        }
    )
    assert (cost.usd, all(line.monthly for line in cost.lines)) == (0, True)


def test_backups_of_a_table_outside_the_plan_cost_their_storage() -> None:
    cost = monthly_cost([point(DAY, "full", GIB)], None, None, prices=packaged(), now=TODAY)
    assert [line.name for line in cost.lines] == ["s3_month"]
