"""Waiting for a table. TableStatus alone does not say when DynamoDB is done with it (observed on AWS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, TableMissing, TimedOut
from ddbbackup.ports import TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.poll import TABLE, poll

log = structlog.get_logger()

_VISIBLE_SECONDS: Final = 60.0  # a table just created may be unknown to DescribeTable for a while
_GONE: Final = ("DELETING", "ARCHIVING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


async def wait_for_table(
    ask: AwsCaller, name: str, *, until: Literal["writable", "idle"], created: bool = False
) -> TableFacts:
    """A table that takes writes (with all its indexes), or one that DynamoDB has nothing left to do to.

    ``created``: it was asked for a moment ago. Says once a minute what it waits for. Raises ``Refused`` for a table
    that will never be ready, ``TableMissing``, and ``TimedOut`` at the run's deadline or after four hours.
    """
    clock = ask.context.clock
    visible = clock.monotonic() + _VISIBLE_SECONDS

    async def look() -> TableFacts | None:
        try:
            table = await ask("DescribeTable", lambda cloud: cloud.tables.describe(name))
        except TableMissing:
            if not created or clock.monotonic() > visible:
                raise
            return None
        if table.status in _GONE:
            raise Refused(f"the table {name} is {table.status}", hint="restore to another table name")
        return table

    def pending(table: TableFacts | None) -> list[str]:
        if table is None:
            return ["not visible yet"]
        return list(busy(table.description) if until == "idle" else not_writable(table.description))

    def timed_out(table: TableFacts | None) -> TimedOut:
        return TimedOut(
            f"the table {name} is not ready: {', '.join(pending(table))}",
            hint="run the same command again when DynamoDB is done: it continues from where it stopped",
        )

    found = await poll(
        ask.context,
        "DescribeTable",
        look,
        until=lambda table: not pending(table),
        policy=TABLE,
        timed_out=timed_out,
        announce=lambda table: log.info(events.TABLE_AWAITED, target=name, what=", ".join(pending(table))),
    )
    if found is None:  # ``until`` holds for no table that is not visible
        raise timed_out(found)
    return found


def not_writable(description: Mapping[str, Any]) -> Iterator[str]:
    """Why items should not be written yet; a table that is UPDATING takes them."""
    if description.get("TableStatus") not in ("ACTIVE", "UPDATING"):
        yield f"TableStatus {description.get('TableStatus')}"
    yield from _busy_indexes(description)


def busy(description: Mapping[str, Any]) -> Iterator[str]:
    """What DynamoDB is doing to a table, in its own words."""
    if description.get("TableStatus") != "ACTIVE":
        yield f"TableStatus {description.get('TableStatus')}"
    if (status := _status(description, "SSEDescription")) in ("ENABLING", "DISABLING", "UPDATING"):
        yield f"SSEDescription {status}"
    if (status := _status(description, "WarmThroughput")) not in (None, "ACTIVE"):
        yield f"WarmThroughput {status}"
    yield from _busy_indexes(description)
    for index in _indexes(description):
        if (status := _status(index, "WarmThroughput")) not in (None, "ACTIVE"):
            yield f"WarmThroughput of {index['IndexName']} {status}"
    for replica in description.get("Replicas") or ():
        if replica.get("ReplicaStatus") in ("CREATING", "UPDATING", "DELETING"):
            yield f"replica in {replica['RegionName']} {replica['ReplicaStatus']}"


def _status(holder: Mapping[str, Any], member: str) -> str | None:
    status: str | None = (holder.get(member) or {}).get("Status")
    return status


def _busy_indexes(description: Mapping[str, Any]) -> Iterator[str]:
    for index in _indexes(description):
        if index.get("IndexStatus") not in (None, "ACTIVE"):
            yield f"index {index['IndexName']} {index['IndexStatus']}"


def _indexes(description: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from description.get("GlobalSecondaryIndexes") or ()
    yield from description.get("VectorIndexes") or ()
