"""What each restore method can do, and what `auto` makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.errors import PitrDisabled, Refused
from ddbbackup.plan.model import Limits, Restore, SourceSelector, Target
from ddbbackup.pricing.prices import packaged
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.method_selection import Candidate, candidates
from ddbbackup.restore.methods import RESTORE_METHODS

GIB = 1 << 30
TABLE: dict[str, Any] = {
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "ItemCount": 1_000_000,
    "TableSizeBytes": 1_000_000 * 1000,
    "GlobalSecondaryIndexes": [{"IndexName": "a"}],
}
PROVISIONED = {
    **TABLE,
    "BillingModeSummary": {"BillingMode": "PROVISIONED"},
    "ProvisionedThroughput": {"WriteCapacityUnits": 100},
}


def inputs(*, restore: dict[str, Any] | None = None, **members: Any) -> MethodInputs:
    """A million items of a kilobyte and a target that is to be made, unless said otherwise."""
    wanted = Restore(
        "back", "orders", SourceSelector(latest=True), **{"target": Target("copy"), **(restore or {})}
    )
    known = {"description": TABLE, "items": 1_000_000, "files": 40, "live": True, "live_description": TABLE}
    return MethodInputs(**{"restore": wanted, "target": "copy", **known, **members})


def judged(found: MethodInputs) -> dict[str, Candidate]:
    return {each.method: each for each in candidates(found, packaged(), RESTORE_METHODS)}


def messages(candidate: Candidate) -> str:
    return "; ".join(blocker.message for blocker in candidate.blockers)


def test_all_methods_are_judged_and_exactly_one_is_chosen() -> None:
    """Whatever the plan wants."""
    for method in ("auto", "write", "import", "bulk-put", "point-in-time"):
        every = candidates(inputs(restore={"method": method}), packaged(), RESTORE_METHODS)
        assert [each.method for each in every] == ["write", "import", "bulk-put", "point-in-time"]
        (taken,) = [each for each in every if each.chosen]
        assert taken.because
        assert method in ("auto", taken.method)


@pytest.mark.parametrize(
    ("members", "method", "words"),
    [
        ({"items": 1_000}, "write", "not sure to be faster"),
        ({"items": 100_000_000}, "import", "uses no capacity"),
        ({"description": PROVISIONED}, "import", "3 hours"),
        ({"items": 100_000_000, "target_description": TABLE}, "write", "the target exists"),
        ({"items": 100_000_000, "restore": {"limits": Limits(workers=2)}}, "write", "`limits`"),
        ({"items": 100_000_000, "files": 50_001}, "write", "50001 data files"),
        (
            {"items": 100_000_000, "description": {**TABLE, "LocalSecondaryIndexes": [{"IndexName": "l"}]}},
            "write",
            "local secondary indexes",
        ),
        ({"description": {**PROVISIONED, "TableSizeBytes": 0}}, "write", "nothing is known of the size"),
    ],
)
def test_auto_follows_its_rules(members: dict[str, Any], method: str, words: str) -> None:
    """Write, unless the table is to be made, writing would take long, and an import is possible."""
    every = candidates(inputs(**members), packaged(), RESTORE_METHODS)
    taken = next(each for each in every if each.chosen)
    assert taken.method == method
    assert words in taken.because


def test_auto_never_takes_what_is_experimental_or_another_source() -> None:
    """And says so of each."""
    every = judged(inputs(items=100_000_000))
    assert every["bulk-put"].experimental
    assert "experimental" in every["bulk-put"].because
    assert "another source" in every["point-in-time"].because


def test_writing_is_estimated_by_units_and_rate() -> None:
    """A million items of a kilobyte: a unit each, at 4000 a second, and as much again for the index."""
    write = judged(inputs())["write"]
    assert write.seconds == 250
    assert write.cost is not None
    assert write.cost.usd == pytest.approx(2 * 0.625)
    slower = judged(inputs(restore={"limits": Limits(write_units_per_second=100)}))["write"]
    assert slower.seconds == 10_000


def test_provisioned_writes_take_long_and_cost_nothing_more() -> None:
    """The capacity is paid for by the hour anyway."""
    write = judged(inputs(description=PROVISIONED))["write"]
    assert (write.seconds, write.cost) == (10_000, None)


def test_the_time_of_a_large_import_is_not_made_up() -> None:
    """AWS publishes no rate; what was observed is said."""
    assert judged(inputs(items=100))["import"].seconds == 215
    large = judged(inputs())["import"]
    assert large.seconds is None
    assert large.cost is not None
    assert large.cost.usd == pytest.approx(0.15 * 1e9 / GIB)


def test_the_price_of_a_bulk_put_is_not_known() -> None:
    """So it is in no total, and marked incomplete."""
    cost = judged(inputs())["bulk-put"].cost
    assert cost is not None
    assert cost.incomplete
    assert cost.usd == 0


@pytest.mark.parametrize(
    ("method", "members", "words"),
    [
        ("write", {"description": {}}, "no record says how to create it"),
        ("write", {"restore": {"target": Target("copy", create="never")}}, "create: never"),
        ("import", {"target_description": TABLE}, "makes its own table"),
        ("import", {"restore": {"target": Target("copy", create="never")}}, "create: never"),
        ("import", {"description": {}}, "no record"),
        ("bulk-put", {"bulk_put_available": False}, "does not know StartBulkPutItems"),
        ("bulk-put", {"restore": {"existing": "keep"}}, "writes over what is there"),
        ("bulk-put", {"restore": {"limits": Limits(write_units_per_second=100)}}, "cannot be limited to 100"),
        (
            "bulk-put",
            {"target_description": {**TABLE, "Replicas": [{"RegionName": "eu-west-3"}]}},
            "replicas in eu-west-3",
        ),
        ("bulk-put", {"files": 50_001}, "50001 data files"),
        ("point-in-time", {"same_account": False}, "stays in the account"),
        ("point-in-time", {"live_error": PitrDisabled("it is off", hint="-")}, "it is off"),
        (
            "point-in-time",
            {"restore": {"target": Target("copy", billing_mode="PROVISIONED")}},
            "is on demand",
        ),
    ],
)
def test_what_blocks_a_method_blocks_the_restore_that_names_it(
    method: str, members: dict[str, Any], words: str
) -> None:
    """With one thing to do about it; the same in a run and in `preview`."""
    found = inputs(**{**members, "restore": {"method": method, **members.get("restore", {})}})
    assert words in messages(judged(found)[method])
    taken = next(each for each in candidates(found, packaged(), RESTORE_METHODS) if each.chosen)
    assert taken.method == method
    assert taken.blockers[0].hint


def test_a_backup_that_cannot_be_found_is_in_the_way_of_all_that_need_one() -> None:
    """Not of a point-in-time restore, which needs none."""
    every = judged(inputs(backup_error=Refused("there is none", hint="-"), items=None, files=None))
    assert {name for name, each in every.items() if each.possible} == {"point-in-time"}
