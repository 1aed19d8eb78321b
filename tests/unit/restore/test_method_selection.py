"""Which restore methods are possible, and which one is selected."""

from __future__ import annotations

from typing import Any

import pytest

from ddbbackup.errors import PitrDisabled, Refused
from ddbbackup.plan.model import Limits, Restore, Target
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.pricing.prices import packaged
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.method_selection import Candidate, list_candidates
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


AS_RECORDED = {"limits": Limits(load_capacity="as-recorded")}


def inputs(*, restore: dict[str, Any] | None = None, **members: Any) -> MethodInputs:
    """A backup of a million items of 1 kB, and a target that does not exist."""
    restored = Restore("back", "orders", FromLatest(), **{"target": Target("copy"), **(restore or {})})
    known = {"description": TABLE, "items": 1_000_000, "files": 40, "live_description": TABLE}
    return MethodInputs(**{"restore": restored, "target": "copy", **known, **members})


def by_name(inputs: MethodInputs) -> dict[str, Candidate]:
    return {each.method: each for each in list_candidates(inputs, packaged(), RESTORE_METHODS)}


def selected(inputs: MethodInputs) -> Candidate:
    (candidate,) = [each for each in by_name(inputs).values() if each.selected]
    return candidate


def messages(candidate: Candidate) -> str:
    return "; ".join(blocker.message for blocker in candidate.blockers)


def test_all_methods_are_candidates_and_exactly_one_is_selected() -> None:
    """For every `method` of a restore."""
    for method in ("auto", "write", "import", "bulk-put", "point-in-time", "snapshot"):
        found = inputs(restore={"method": method})
        assert list(by_name(found)) == ["write", "import", "bulk-put", "point-in-time", "snapshot"]
        assert selected(found).reason
        assert method in ("auto", selected(found).method)


@pytest.mark.parametrize(
    ("members", "method", "words"),
    [
        ({"items": 1_000}, "write", "may not be faster"),
        ({"items": 100_000_000}, "import", "uses no write capacity"),
        ({"description": PROVISIONED, "restore": AS_RECORDED}, "import", "3 hours"),
        ({"description": PROVISIONED}, "write", "may not be faster"),
        ({"items": 100_000_000, "target_description": TABLE}, "write", "the target exists"),
        ({"items": 100_000_000, "restore": {"limits": Limits(workers=2)}}, "write", "`limits`"),
        ({"items": 100_000_000, "files": 50_001}, "write", "50 001 data files"),
        (
            {"items": 100_000_000, "description": {**TABLE, "LocalSecondaryIndexes": [{"IndexName": "l"}]}},
            "write",
            "local secondary indexes",
        ),
        ({"description": {**PROVISIONED, "TableSizeBytes": 0}}, "write", "the item size is unknown"),
    ],
)
def test_auto_follows_its_rules(members: dict[str, Any], method: str, words: str) -> None:
    """`import` if it is possible, the target must be created, and writing would take long; else `write`."""
    candidate = selected(inputs(**members))
    assert candidate.method == method
    assert words in candidate.reason


def test_auto_never_selects_an_experimental_method_or_another_source() -> None:
    """The reason of each candidate says so."""
    candidates = by_name(inputs(items=100_000_000))
    assert candidates["bulk-put"].experimental
    assert "experimental" in candidates["bulk-put"].reason
    assert "not the live table" in candidates["point-in-time"].reason


def test_writing_is_estimated_by_write_units_and_their_rate() -> None:
    """A million items of 1 kB: one unit each, at 4000 per second; the index costs the same again."""
    write = by_name(inputs())["write"]
    assert write.seconds == 250
    assert write.cost is not None
    assert write.cost.usd == pytest.approx(2 * 0.625)
    slower = by_name(inputs(restore={"limits": Limits(write_units_per_second=100)}))["write"]
    assert slower.seconds == 10_000


def test_writes_to_provisioned_capacity_have_no_additional_cost() -> None:
    """The capacity is billed by the hour; a table that is created on demand for the load is billed by the write."""
    write = by_name(inputs(description=PROVISIONED, restore=AS_RECORDED))["write"]
    assert (write.seconds, write.cost) == (10_000, None)
    on_demand = by_name(inputs(description=PROVISIONED))["write"]
    assert on_demand.seconds == 250
    assert on_demand.cost is not None


def test_the_duration_of_a_large_import_is_unknown() -> None:
    """AWS publishes no rate, and only a small import was measured."""
    assert by_name(inputs(items=100))["import"].seconds == 215
    large = by_name(inputs())["import"]
    assert large.seconds is None
    assert large.cost is not None
    assert large.cost.usd == pytest.approx(0.15 * 1e9 / GIB)


def test_the_price_of_a_bulk_put_is_unknown() -> None:
    """The cost is marked as incomplete."""
    cost = by_name(inputs())["bulk-put"].cost
    assert cost is not None
    assert cost.incomplete
    assert cost.usd == 0


@pytest.mark.parametrize(
    ("method", "members", "words"),
    [
        ("write", {"description": {}}, "no record that describes its table"),
        ("write", {"restore": {"target": Target("copy", create="never")}}, "create: never"),
        ("import", {"target_description": TABLE}, "an import creates its table"),
        ("import", {"restore": {"target": Target("copy", create="never")}}, "create: never"),
        ("import", {"description": {}}, "no record that describes it"),
        ("bulk-put", {"bulk_put_available": False}, "does not support StartBulkPutItems"),
        ("bulk-put", {"restore": {"existing": "keep"}}, "overwrites items"),
        ("bulk-put", {"restore": {"limits": Limits(write_units_per_second=100)}}, "cannot be limited to 100"),
        (
            "bulk-put",
            {"target_description": {**TABLE, "Replicas": [{"RegionName": "eu-west-3"}]}},
            "replicas in eu-west-3",
        ),
        ("bulk-put", {"files": 50_001}, "50 001 data files"),
        ("point-in-time", {"same_account": False}, "in another account"),
        ("point-in-time", {"live_error": PitrDisabled("it is disabled", hint="-")}, "it is disabled"),
        (
            "point-in-time",
            {"restore": {"target": Target("copy", billing_mode="PROVISIONED")}},
            "is an on-demand table",
        ),
    ],
)
def test_a_blocked_method_blocks_the_restore_that_specifies_it(
    method: str, members: dict[str, Any], words: str
) -> None:
    """And `auto` does not select it."""
    found = inputs(**{**members, "restore": {"method": method, **members.get("restore", {})}})
    assert words in messages(by_name(found)[method])
    assert selected(found).method == method
    assert selected(found).blockers[0].hint


def test_a_missing_backup_blocks_all_methods_that_need_one() -> None:
    """A point-in-time restore needs none."""
    candidates = by_name(inputs(backup_error=Refused("there is no backup", hint="-"), items=None, files=None))
    assert {name for name, each in candidates.items() if each.possible} == {"point-in-time"}
