"""What the backups of a table cost in a month like the last one, estimated from sizes in the catalog. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ddbbackup.model.cost import Cost, CostLine
from ddbbackup.report.overview.points import KnownPoint

if TYPE_CHECKING:
    from ddbbackup.plan.model import TableEntry
    from ddbbackup.pricing.prices import Prices

_MONTH: Final = timedelta(days=30)


def monthly_cost(
    points: Sequence[KnownPoint],
    entry: TableEntry | None,
    table_bytes: int | None,
    *,
    prices: Prices,
    now: datetime,
) -> Cost:
    """Storage of what there is now, the exports of the last 30 days, and point-in-time recovery.

    A full export is taken for one of a table of today's size. A window is billed by its changes, of which only the
    compressed size is known: that is the least. Requests and KMS are not part of it.
    """
    stored = sum(each.size_bytes or 0 for each in points if each.kind != "snapshot")
    snapshots = sum(each.size_bytes or 0 for each in points if each.kind == "snapshot")
    cost = prices.cost("s3_month", stored) if stored else Cost()
    if snapshots:
        cost += prices.cost("snapshot_month", snapshots)
    if entry is None or entry.method not in ("export", "incremental"):
        return cost
    recent = [each for each in points if each.reaches > now - _MONTH]
    least = prices.rates["incremental_export"].minimum
    if changes := sum(max(each.size_bytes or 0, least) for each in recent if each.kind == "window"):
        cost += prices.cost("incremental_export", changes)
    if table_bytes is not None:
        fulls = sum(each.kind == "full" for each in recent)
        cost += prices.cost("full_export", fulls * table_bytes) if fulls else Cost()
        cost += prices.cost("pitr_month", table_bytes)
    return merged(cost.lines)


def merged(lines: Iterable[CostLine]) -> Cost:
    """One line for each rate, all of them by month. A price that is unknown stays unknown."""
    by_name: dict[str, CostLine] = {}
    for line in lines:
        known = by_name.get(line.name)
        if known is None:
            by_name[line.name] = replace(line, monthly=True)
        else:
            usd = None if known.usd is None or line.usd is None else known.usd + line.usd
            by_name[line.name] = replace(known, quantity=known.quantity + line.quantity, usd=usd)
    return Cost(tuple(by_name.values()))
