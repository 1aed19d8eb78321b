"""Estimates of the duration and the cost of each restore method. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ddbbackup.model.cost import Cost
from ddbbackup.model.json_value import JsonObject, get_integer, get_object
from ddbbackup.model.numbers import grouped
from ddbbackup.model.table_description import billing_mode, lasting_indexes
from ddbbackup.pricing.prices import Prices
from ddbbackup.restore.method_inputs import MethodInputs

# The throughput of a new on-demand table (DynamoDB guide: On-demand capacity mode).
ON_DEMAND_UNITS_PER_SECOND: Final = 4000
# The largest import that was measured (observed on AWS, once).
IMPORTED_ITEMS: Final = 28_500
IMPORTED_SECONDS: Final = 215.0
# The longest of twelve restores of very small tables (observed on AWS: 81 to 721 seconds).
RESTORED_SECONDS: Final = 721.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """``seconds`` and ``cost`` are None if they are unknown; ``basis`` says how they were estimated."""

    seconds: float | None
    cost: Cost | None
    basis: str


def estimate_write(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    """Write units by the average item size of the recorded table. Each index counts as one more write per item.

    How many items a chain has at its end is only known when it is written: every change counts as one more. What
    ``existing: mirror`` writes is only known when the table is compared.
    """
    if inputs.restore.existing == "mirror" and inputs.exists:
        return None
    size = average_item_bytes(inputs.description)
    if inputs.items is None or size is None:
        return None
    units = (inputs.items + inputs.changes) * math.ceil(size / 1024)
    target = inputs.target_description or inputs.description
    capacity, mode = _write_capacity(inputs, target)
    rate = min(capacity, inputs.restore.limits.write_units_per_second or capacity)
    at_most = "at most " if inputs.changes else ""
    basis = f"{at_most}{grouped(units)} write units at {grouped(rate)} per second, by the average item size"
    if mode == "PAY_PER_REQUEST":
        return Estimate(units / rate, prices.cost("write_unit", units * (1 + _index_count(target))), basis)
    return Estimate(units / rate, None, f"{basis}; provisioned capacity is billed by the hour, not by write")


def estimate_import(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    size = average_item_bytes(inputs.description)
    if inputs.items is None:
        return None
    return Estimate(
        seconds=IMPORTED_SECONDS if inputs.items <= IMPORTED_ITEMS else None,
        cost=prices.cost("import", inputs.items * size) if size is not None else None,
        basis=f"an import of {IMPORTED_ITEMS} items took {IMPORTED_SECONDS:.0f} seconds on AWS; the rate of larger "
        "imports is not published",
    )


def estimate_bulk_put(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    size = average_item_bytes(inputs.description)
    if inputs.items is None or size is None:
        return None
    return Estimate(
        seconds=None,
        cost=prices.cost("bulk_put", inputs.items * size),
        basis="neither the rate nor the price of bulk puts is published",
    )


def estimate_point_in_time(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    live = inputs.live_description
    if not live:
        return None
    small = (get_integer(live, "ItemCount") or 0) <= IMPORTED_ITEMS
    return Estimate(
        seconds=RESTORED_SECONDS if small else None,
        cost=prices.cost("point_in_time_restore", float(get_integer(live, "TableSizeBytes") or 0)),
        basis="restores of very small tables took 81 to 721 seconds on AWS; the rate for larger tables is not "
        "published",
    )


def estimate_snapshot(inputs: MethodInputs, prices: Prices) -> Estimate | None:
    if not inputs.from_snapshot or not inputs.description:
        return None
    small = (get_integer(inputs.description, "ItemCount") or 0) <= IMPORTED_ITEMS
    size_bytes = float(get_integer(inputs.description, "TableSizeBytes") or 0)
    return Estimate(
        seconds=RESTORED_SECONDS if small else None,
        cost=prices.cost("snapshot_restore", size_bytes),
        basis="restores of very small tables took 81 to 721 seconds on AWS; the rate for larger tables is not "
        "published",
    )


def average_item_bytes(description: JsonObject) -> float | None:
    """By the counts of DescribeTable, which AWS updates every six hours; None for an empty table."""
    items = get_integer(description, "ItemCount") or 0
    size_bytes = get_integer(description, "TableSizeBytes") or 0
    return max(1.0, size_bytes / items) if items and size_bytes else None


def _write_capacity(inputs: MethodInputs, target: JsonObject) -> tuple[int, str]:
    """The write units per second of the target, and its billing mode."""
    mode = billing_mode(target)
    if not inputs.exists:
        mode = inputs.restore.target.billing_mode or mode
        mode = "PAY_PER_REQUEST" if inputs.restore.limits.load_capacity == "on-demand" else mode
    if mode == "PROVISIONED":
        units = get_integer(get_object(target, "ProvisionedThroughput"), "WriteCapacityUnits")
        return max(1, units or 1), mode
    maximum = get_integer(get_object(target, "OnDemandThroughput"), "MaxWriteRequestUnits") or 0
    return (maximum if maximum > 0 else ON_DEMAND_UNITS_PER_SECOND), mode


def _index_count(target: JsonObject) -> int:
    kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    return sum(len(lasting_indexes(target, kind)) for kind in kinds)
