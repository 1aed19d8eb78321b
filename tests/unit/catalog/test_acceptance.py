"""Records that lie: whoever can write to the bucket can write one, and only one that agrees with its place counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ddbbackup.catalog import Record, RecordedData, locate
from ddbbackup.catalog.acceptance import CLOCK_SKEW, objection
from ddbbackup.plan.model import Destination
from tests.support.records import IDENTITY, NOW, record

WHERE = locate(Destination("vault", "vault", prefix="ddb/{table}/"), IDENTITY, table="orders", plan="prod")
ARN = f"{WHERE.table_arn}/export/01700000000000-0badcafe"
MANIFEST = "orders/AWSDynamoDB/01700000000000-0badcafe/manifest-summary.json"


def complete(**export: Any) -> Record:
    base = record()
    export = {"arn": ARN, "time": NOW, "ended_at": NOW, "manifest_key": MANIFEST, **export}
    return replace(
        base,
        state="complete",
        completed_at=NOW,
        export=replace(base.export, **export),
        data=RecordedData(item_count=3, file_count=1, size_bytes=9),
    )


def reason(claim: Record, *, key: str | None = None) -> str | None:
    return objection(claim, WHERE, key or WHERE.record_key(claim.id), now=NOW)


def test_a_genuine_record_is_accepted() -> None:
    """In progress and complete."""
    assert reason(record()) is None
    assert reason(complete()) is None


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (replace(record(), plan="other"), "another plan"),
        (replace(record(), table=replace(record().table, name="payroll")), "another table"),
        (replace(record(), table=replace(record().table, account="999999999999")), "another account"),
        (replace(record(), table=replace(record().table, region="us-east-1")), "another region"),
        (replace(record(), table=replace(record().table, arn=f"{WHERE.table_arn}x")), "ARN of another table"),
        (replace(record(), run="r2"), "run and time"),
        (replace(record(), attempt=2), "run and time"),
        (replace(record(), started_at=NOW - timedelta(days=1)), "run and time"),
        (replace(record(), export=replace(record().export, client_token="guess")), "client token"),
        (replace(record(), table=replace(record().table, id="another")), "client token"),
        (complete(arn=f"{WHERE.table_arn}x/export/01"), "export of another table"),
        (complete(time=NOW + timedelta(days=26_000)), "future"),
        (record(at=NOW + CLOCK_SKEW + timedelta(seconds=1)), "future"),
        (complete(arn=None, manifest_key=None), "without naming its data"),
        (replace(complete(), data=RecordedData()), "without naming its data"),
        (complete(manifest_key="orders/AWSDynamoDB/02-other/manifest-summary.json"), "not of its export"),
        (complete(manifest_key="../" + MANIFEST), "not of its export"),
        (complete(manifest_key="a/../" + MANIFEST), "not of its export"),
        (complete(manifest_key="manifest-summary.json"), "not of its export"),
        (complete(manifest_key=""), "not of its export"),
        (complete(manifest_key="a\x00b/" + MANIFEST), "not of its export"),
    ],
)
def test_a_record_that_does_not_agree_with_its_place_is_not_accepted(claim: Record, words: str) -> None:
    """The plan and the account are the authority."""
    found = reason(claim)
    assert found is not None
    assert words in found


def test_a_record_under_another_key_is_not_accepted() -> None:
    """Copied to another table, or renamed to look newer."""
    claim = record()
    assert reason(claim, key=WHERE.record_key(claim.id).replace("/orders/", "/payroll/")) is not None


def test_clocks_may_differ_a_little() -> None:
    """A record that another machine wrote a moment ago is not from the future."""
    assert reason(record(at=NOW + CLOCK_SKEW - timedelta(seconds=1))) is None
