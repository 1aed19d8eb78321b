"""Waiting until DynamoDB has nothing more to do at a table. TableStatus alone does not say so (observed on AWS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ddbbackup.errors import Refused, TimedOut
from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.setting import Pending
from ddbbackup.steps.step import Wait

PATIENCE_SECONDS: Final = 4 * 3600.0  # an index or a replica of a large table takes hours
_GONE: Final = ("DELETING", "ARCHIVING", "ARCHIVED")


def until_idle(ask: Ask, name: str) -> Pending:
    """The ``TableFacts`` of a table that is ACTIVE and not busy.

    Raises ``Refused`` for one that is going away, ``TimedOut`` after four hours, ``TableMissing``.
    """
    until = ask.world.clock.monotonic() + PATIENCE_SECONDS
    pause = 0.5
    while True:
        table: TableFacts = yield from ask("DescribeTable", lambda cloud: cloud.tables.describe(name))
        if table.status in _GONE:
            raise Refused(f"the table {name} is {table.status}", hint="wait until it is gone, run again")
        still = list(busy(table.description))
        if not still:
            return table
        if ask.world.clock.monotonic() > until:
            raise TimedOut(
                f"the table {name} is still busy ({', '.join(still)})",
                hint="run the same command again when DynamoDB is done: it goes on where it stopped",
            )
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
