"""Waiting until DynamoDB has nothing more to do at a table. TableStatus alone does not say so (observed on AWS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, TimedOut
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Pending
from ddbbackup.steps.rate_limits import AwsCaller
from ddbbackup.steps.step import Wait

log = structlog.get_logger()

PATIENCE_SECONDS: Final = 4 * 3600.0  # an index or a replica of a large table takes hours
TELL_SECONDS: Final = 60.0
_USELESS: Final = ("DELETING", "ARCHIVING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


def wait_until_idle(ask: AwsCaller, name: str) -> Pending:
    """The ``TableFacts`` of a table that is ACTIVE and not busy. Says once a minute what it waits for.

    Raises ``Refused`` for one that cannot be changed, ``TimedOut`` after four hours, ``TableMissing``.
    """
    clock = ask.context.clock
    until, told = clock.monotonic() + PATIENCE_SECONDS, clock.monotonic()
    pause = 0.5
    while True:
        table: TableFacts = yield from ask("DescribeTable", lambda cloud: cloud.tables.describe(name))
        if table.status in _USELESS:
            raise Refused(f"the table {name} is {table.status}", hint="mend the table, or restore to another")
        still = list(busy(table.description))
        if not still:
            return table
        if clock.monotonic() > until:
            raise TimedOut(
                f"the table {name} is still busy ({', '.join(still)})",
                hint="run the same command again when DynamoDB is done: it goes on where it stopped",
            )
        if clock.monotonic() - told >= TELL_SECONDS:
            told = clock.monotonic()
            log.info(events.TABLE_AWAITED, target=name, what=", ".join(still))
        yield Wait(pause)
        pause = min(15.0, pause * 1.5)


def busy(description: Mapping[str, Any]) -> Iterator[str]:
    """What DynamoDB is doing at a table, in its own words."""
    if description.get("TableStatus") != "ACTIVE":
        yield f"TableStatus {description.get('TableStatus')}"
    if (status := _status(description, "SSEDescription")) in ("ENABLING", "DISABLING", "UPDATING"):
        yield f"SSEDescription {status}"
    if (status := _status(description, "WarmThroughput")) not in (None, "ACTIVE"):
        yield f"WarmThroughput {status}"
    for index in (
        *(description.get("GlobalSecondaryIndexes") or ()),
        *(description.get("VectorIndexes") or ()),
    ):
        if index.get("IndexStatus") not in (None, "ACTIVE"):
            yield f"index {index['IndexName']} {index['IndexStatus']}"
        if (status := _status(index, "WarmThroughput")) not in (None, "ACTIVE"):
            yield f"WarmThroughput of {index['IndexName']} {status}"
    for replica in description.get("Replicas") or ():
        if replica.get("ReplicaStatus") in ("CREATING", "UPDATING", "DELETING"):
            yield f"replica in {replica['RegionName']} {replica['ReplicaStatus']}"


def _status(holder: Mapping[str, Any], member: str) -> str | None:
    status: str | None = (holder.get(member) or {}).get("Status")
    return status
