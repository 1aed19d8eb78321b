"""Tables as accounts have them: names of every length, and sizes from nothing to hundreds of gigabytes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_SERVICES: Final = ("ads", "billing", "crm", "iot", "ledger", "search", "shop", "users")
_THINGS: Final = (
    *("accounts", "addresses", "audit", "carts", "coupons", "customers", "devices", "events", "features"),
    *("invoices", "items", "jobs", "limits", "locks", "messages", "orders", "payments", "prices"),
    *("refunds", "reviews", "sessions", "settings", "shipments", "tokens", "visits"),
)
_LARGEST: Final = 600 << 30
_SMALLEST: Final = 3 << 10


@dataclass(frozen=True, slots=True)
class TableSize:
    """``stored_bytes`` is what DescribeTable says, ``exported_bytes`` that of the compressed data files."""

    items: int
    stored_bytes: int
    exported_bytes: int
    data_files: int


def table_names(count: int) -> list[str]:
    """``billing-orders``; each sixteenth has a long name, as CloudFormation and people with many stages make them."""
    names = []
    for number in range(count):
        thing, service = _THINGS[number // len(_SERVICES) % len(_THINGS)], _SERVICES[number % len(_SERVICES)]
        serial = f"-{number // 200}" if number >= 200 else ""
        name = f"{service}-{thing}{serial}"
        if number % 32 == 5:
            name = f"Acme{service.title()}Stack-{thing.title()}Table{number:08X}-{_random(name).getrandbits(60):015X}"
        if number % 32 == 21:
            name = f"prod-eu-west-1-{name}-by-customer-and-day-v2"
        names.append(name)
    return sorted(names)


def table_size(name: str) -> TableSize:
    """The same for the same name. As many tables are of each order of magnitude; a few are empty."""
    chance = _random(name)
    if chance.random() < 0.04:
        return TableSize(0, 0, 20, 1)
    stored = int(_SMALLEST * (_LARGEST / _SMALLEST) ** chance.random())
    items = max(1, stored // chance.randrange(120, 4_000))
    exported = max(40, int(stored * chance.uniform(0.08, 0.4)))
    return TableSize(items, stored, exported, min(items, 4 + (stored >> 33)))


def _random(name: str) -> random.Random:
    return random.Random(name)
