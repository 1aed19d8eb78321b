"""How long each restore method takes and what it costs, as far as anybody knows. Pure; estimates only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ddbbackup.model.cost import Cost
from ddbbackup.pricing.prices import Prices
from ddbbackup.restore.method_inputs import MethodInputs

ON_DEMAND_UNITS_PER_SECOND: Final = (
    4000  # what a new on-demand table takes at once (DynamoDB guide: On-demand)
)
IMPORTED_ITEMS: Final = 28_500  # the largest import that was timed
IMPORTED_SECONDS: Final = 215.0  # and what it took (observed on AWS, once)
RECOVERED_SECONDS: Final = (
    721.0  # the longest of twelve restores of tiny tables (observed on AWS: 81 to 721 s)
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """``seconds`` None: there is nothing to estimate by. ``cost`` None likewise; ``basis`` says what both rest on."""

    seconds: float | None
    cost: Cost | None
    basis: str


def by_writing(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    """Units by the recorded table's average item; each index is counted as one more write of every item."""
    size = item_bytes(inputs.description)
    if inputs.items is None or size is None:
        return None
    units = inputs.items * math.ceil(size / 1024)
    target = inputs.target_description or inputs.description
    rate, mode = _write_rate(inputs, target)
    limit = inputs.restore.limits.write_units_per_second
    cost = None
    if mode == "PAY_PER_REQUEST":
        cost = prices.cost("write_unit", units * (1 + _indexes(target)))
    return Estimate(
        seconds=units / min(rate, limit or rate),
        cost=cost,
        basis=f"{units} write units at {min(rate, limit or rate)} per second, by the average size of the items"
        + ("" if cost is not None else "; provisioned capacity is paid for by the hour anyway"),
    )


def by_import(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    size = item_bytes(inputs.description)
    if inputs.items is None:
        return None
    return Estimate(
        seconds=IMPORTED_SECONDS if inputs.items <= IMPORTED_ITEMS else None,
        cost=prices.cost("import", inputs.items * size) if size is not None else None,
        basis=f"{IMPORTED_ITEMS} items took {IMPORTED_SECONDS:.0f} seconds on AWS; no rate is published for more",
    )


def of_bulk_put(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    size = item_bytes(inputs.description)
    if inputs.items is None or size is None:
        return None
    return Estimate(
        seconds=None,
        cost=prices.cost("bulk_put", inputs.items * size),
        basis="neither the speed nor the price of a bulk put is known yet",
    )


def by_point_in_time(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    live = inputs.live_description
    if not live:
        return None
    return Estimate(
        seconds=RECOVERED_SECONDS if int(live.get("ItemCount") or 0) <= IMPORTED_ITEMS else None,
        cost=prices.cost("point_in_time_restore", float(live.get("TableSizeBytes") or 0)),
        basis="restores of tiny tables took 81 to 721 seconds on AWS; no rate is published for larger ones",
    )


def item_bytes(description: Mapping[str, Any]) -> float | None:
    """The average item of a table by its own counts, which AWS renews every six hours or so."""
    items, size = int(description.get("ItemCount") or 0), int(description.get("TableSizeBytes") or 0)
    return max(1.0, size / items) if items and size else None


def _write_rate(inputs: MethodInputs, target: Mapping[str, Any]) -> tuple[int, str]:
    """Write units a second that the target takes, and its billing mode."""
    mode = (target.get("BillingModeSummary") or {}).get("BillingMode") or "PROVISIONED"
    if not inputs.exists:
        mode = inputs.restore.target.billing_mode or mode
    if mode == "PROVISIONED":
        return max(1, int((target.get("ProvisionedThroughput") or {}).get("WriteCapacityUnits") or 1)), mode
    most = int((target.get("OnDemandThroughput") or {}).get("MaxWriteRequestUnits") or 0)
    return (most if most > 0 else ON_DEMAND_UNITS_PER_SECOND), mode


def _indexes(target: Mapping[str, Any]) -> int:
    return sum(len(target.get(kind) or ()) for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"))
