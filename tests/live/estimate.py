"""What a run costs, before it starts: the charges of each check and question that was chosen.

Prices are those of `ddbbackup preview` where it has them. The others are assumptions for us-east-1, marked so; they
are high rather than low. Free: IAM, DescribeTable and its like, keys that are scheduled for deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.model.cost import RateName
from ddbbackup.pricing.prices import packaged

HOURS: Final = 2.0  # how long what a run makes exists, at most
_MONTH_HOURS: Final = 730.0
_SMALLEST_JOB: Final = 10 * 1024 * 1024  # bytes; jobs of a few KB are billed as much, if they have a minimum


@dataclass(frozen=True)
class Charge:
    """``usd`` is None for an unknown price. ``confidence`` is that of the price: good, fair, unverified, assumed."""

    what: str
    quantity: float
    unit: str
    usd: float | None
    confidence: str

    def __mul__(self, factor: int) -> Charge:
        usd = None if self.usd is None else self.usd * factor
        return replace(self, quantity=self.quantity * factor, usd=usd)


def requests(writes: int, reads: int = 0) -> tuple[Charge, ...]:
    """Of small items to on-demand tables."""
    return _packaged("write_unit", "writes of items", writes), _packaged("read_unit", "reads of items", reads)


def objects(puts: int, gets: int) -> tuple[Charge, ...]:
    return _packaged("s3_put", "writes and lists of objects", puts), _packaged(
        "s3_get", "reads of objects", gets
    )


def table(*, pitr: bool = False) -> tuple[Charge, ...]:
    """A small on-demand table with its items."""
    charges = requests(writes=200, reads=200)
    return (*charges, _for_hours("pitr_month", "point-in-time recovery")) if pitr else charges


def export() -> tuple[Charge, ...]:
    return _packaged("full_export", "full exports", _SMALLEST_JOB), *objects(puts=30, gets=60)


def incremental_export() -> tuple[Charge, ...]:
    return _packaged("incremental_export", "incremental exports", _SMALLEST_JOB), *objects(puts=30, gets=60)


def import_() -> tuple[Charge, ...]:
    return (_packaged("import", "imports", _SMALLEST_JOB), *objects(puts=10, gets=30))


def bulk_put() -> tuple[Charge, ...]:
    return (_packaged("bulk_put", "bulk puts", _SMALLEST_JOB), *objects(puts=20, gets=40), *table())


def point_in_time_restore() -> tuple[Charge, ...]:
    return (_packaged("point_in_time_restore", "point-in-time restores", _SMALLEST_JOB),)


def kms_key() -> Charge:
    """Until the run schedules its deletion."""
    return Charge("KMS keys", HOURS, "hours", HOURS / _MONTH_HOURS * 1.0, "assumed")


def kinesis_stream() -> Charge:
    return Charge("Kinesis streams of one shard", HOURS, "hours", HOURS * 0.02, "assumed")


def capacity(reads: int, writes: int) -> Charge:
    """Of a provisioned table with its indexes and replicas."""
    usd = HOURS * (reads * 0.00013 + writes * 0.00065)
    return Charge("provisioned capacity", HOURS * (reads + writes), "unit hours", usd, "assumed")


def warm_throughput(reads: int, writes: int) -> Charge:
    """Billed once, as an hour of as much capacity. Assumed as if nothing were warm yet."""
    usd = reads * 0.00013 + writes * 0.00065
    return Charge("warm throughput", reads + writes, "units", usd, "assumed")


def contributor_insights() -> Charge:
    """Four rules for the table and four for its index."""
    return Charge("Contributor Insights rules", 8.0, "rules", 8 * 0.50 * HOURS / _MONTH_HOURS, "assumed")


def alarms(count: int) -> Charge:
    return Charge("alarms of auto scaling", count, "alarms", count * 0.10 * HOURS / _MONTH_HOURS, "assumed")


def added(charges: Iterable[Charge]) -> list[Charge]:
    """One row for each kind of charge."""
    rows: dict[str, Charge] = {}
    for each in charges:
        row = rows.get(each.what)
        if row is None:
            rows[each.what] = each
        else:
            usd = None if row.usd is None or each.usd is None else row.usd + each.usd
            rows[each.what] = replace(row, quantity=row.quantity + each.quantity, usd=usd)
    return list(rows.values())


def total(rows: Iterable[Charge]) -> float:
    """In US dollars, without rows whose price is unknown."""
    return sum(row.usd or 0.0 for row in rows)


def _packaged(name: RateName, what: str, quantity: float) -> Charge:
    (line,) = packaged().cost(name, quantity).lines
    return Charge(what, quantity, line.unit, line.usd, line.confidence)


def _for_hours(name: RateName, what: str) -> Charge:
    """A monthly price, for a table of a few KB, which counts as a whole gigabyte here."""
    (line,) = packaged().cost(name, 1024**3).lines
    usd = None if line.usd is None else line.usd * HOURS / _MONTH_HOURS
    return Charge(what, HOURS, "hours of a GiB", usd, line.confidence)
