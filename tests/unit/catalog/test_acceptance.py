"""Records that lie: whoever can write to the bucket can write one, and only one that agrees with its place counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ddbbackup.catalog import (
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedSnapshot,
    locate,
)
from ddbbackup.catalog.acceptance import CLOCK_SKEW, objection
from ddbbackup.plan.model import Destination
from tests.support.records import IDENTITY, NOW, instant, record

WHERE = locate(Destination("vault", "vault", prefix="ddb/{table}/"), IDENTITY, table="orders", plan="prod")
EARLIER = NOW - timedelta(hours=1)
ARN = f"{WHERE.table_arn}/export/01700000000000-0badcafe"
MANIFEST = "orders/AWSDynamoDB/01700000000000-0badcafe/manifest-summary.json"


def complete(
    *,
    export: dict[str, Any] | None = None,
    manifest_key: str | None = MANIFEST,
    at: datetime = NOW,
    **members: Any,
) -> Record:
    return record(
        export={"arn": ARN, "ended_at": NOW, **(export or {})},
        **{
            "state": "complete",
            "completed_at": NOW,
            "covers": instant(at),
            "data": RecordedData(manifest_key=manifest_key, item_count=3, file_count=1, size_bytes=9),
            **members,
        },
    )


def window(start: datetime = EARLIER, end: datetime = NOW, **members: Any) -> Record:
    base, own = record(at=EARLIER), record(covers=RecordedCoverage(kind="window", start=start, end=end))
    chain = RecordedChain(base=base.id, previous=base.id, needs=(base.id, own.id))
    return replace(own, **{"chain": chain, **members})


def snapshot(**members: Any) -> Record:
    token = record().export
    assert token is not None
    made = {"made_by": "snapshot", "export": None, "snapshot": RecordedSnapshot(name=token.client_token)}
    return replace(record(), **{**made, **members})


def reason(claim: Record, *, key: str | None = None) -> str | None:
    return objection(claim, WHERE, key or WHERE.record_key(claim.id), now=NOW)


def test_a_genuine_record_is_accepted() -> None:
    """In progress and complete."""
    assert reason(record()) is None
    assert reason(complete()) is None
    assert reason(complete(at=NOW + timedelta(minutes=10))) is None
    assert reason(window()) is None
    assert reason(snapshot()) is None


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (replace(record(), plan="other"), "another plan"),
        (replace(record(), table=replace(record().table, name="payroll")), "another table"),
        (replace(record(), table=replace(record().table, account="999999999999")), "another account"),
        (replace(record(), table=replace(record().table, region="us-east-1")), "another Region"),
        (replace(record(), table=replace(record().table, arn=f"{WHERE.table_arn}x")), "ARN of another table"),
        (replace(record(), run="r2"), "run and time"),
        (replace(record(), attempt=2), "run and time"),
        (replace(record(), started_at=NOW - timedelta(days=1)), "run and time"),
        (record(export={"client_token": "guess"}), "made by"),
        (record(table_members={"id": "another"}), "made by"),
        (snapshot(snapshot=RecordedSnapshot(name="guess")), "made by"),
        (
            snapshot(snapshot=replace(snapshot().snapshot or RecordedSnapshot(name=""), arn="arn:aws:x")),
            "of another table",
        ),
        (complete(export={"arn": f"{WHERE.table_arn}x/export/01"}), "of another table"),
        (complete(at=NOW + timedelta(days=26_000)), "future"),
        (complete(at=NOW - timedelta(hours=1)), "does not reach the time"),
        (complete(covers=RecordedCoverage(kind="interval", start=NOW, end=NOW)), "does not reach the time"),
        (window(start=NOW), "does not reach the time"),
        (window(chain=record().chain), "chain"),
        (window(chain=replace(window().chain, previous=None)), "chain"),
        (window(chain=replace(window().chain, base=window().id)), "chain"),
        (window(chain=replace(window().chain, needs=window().chain.needs[::-1])), "chain"),
        (replace(complete(), chain=window().chain), "chain"),
        (record(at=NOW + CLOCK_SKEW + timedelta(seconds=1)), "future"),
        (complete(export={"arn": None}, manifest_key=None), "without naming its data"),
        (complete(covers=None), "without naming its data"),
        (snapshot(state="complete", covers=RecordedCoverage(kind="interval", start=NOW, end=NOW)), "without"),
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
