"""Wait for a table. TableStatus alone does not say when DynamoDB has finished with it (observed on AWS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from ddbbackup.errors import Refused, TableMissing, TimedOut
from ddbbackup.model.json_value import JsonObject, get_object, get_objects
from ddbbackup.model.progress import Progress
from ddbbackup.ports import TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.poll import TABLE, poll

_VISIBLE_SECONDS: Final = 60.0  # DescribeTable may not find a table that was just created
_UNUSABLE: Final = ("DELETING", "ARCHIVING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


async def wait_for_table(
    call_aws: AwsCaller, name: str, *, until: Literal["writable", "idle"], created: bool = False
) -> TableFacts:
    """Waits until a table and its indexes accept writes, or (``idle``) until DynamoDB changes nothing about it.

    ``created``: the table was just created. Reports once a minute what it waits for. Raises ``Refused`` for a table
    that will never be ready, ``TableMissing``, and ``TimedOut`` at the run's deadline or after four hours.
    """
    clock = call_aws.context.clock
    visible_at = clock.monotonic() + _VISIBLE_SECONDS

    async def describe() -> TableFacts | None:
        try:
            table = await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(name))
        except TableMissing:
            if not created or clock.monotonic() > visible_at:
                raise
            return None
        if table.status in _UNUSABLE:
            raise Refused(f"table {name} is {table.status}", hint="restore to another table name")
        return table

    def pending(table: TableFacts | None) -> list[str]:
        if table is None:
            return ["not visible yet"]
        return list(busy(table.description) if until == "idle" else not_writable(table.description))

    def timed_out(table: TableFacts | None) -> TimedOut:
        return TimedOut(
            f"table {name} is not ready: {', '.join(pending(table))}",
            hint="run the same command again when the table is ready: it continues where this run stopped",
        )

    table = await poll(
        call_aws.context,
        "DescribeTable",
        describe,
        until=lambda table: not pending(table),
        policy=TABLE,
        timed_out=timed_out,
        announce=lambda table: call_aws.context.on_progress(
            Progress(name, "await", 0, None, reason=", ".join(pending(table)))
        ),
    )
    if table is None:  # ``until`` is never true for a table that is not visible
        raise timed_out(table)
    return table


def not_writable(description: JsonObject) -> Iterator[str]:
    """Why the table does not accept writes yet. A table that is UPDATING does."""
    if description.get("TableStatus") not in ("ACTIVE", "UPDATING"):
        yield f"TableStatus {description.get('TableStatus')}"
    yield from _busy_indexes(description)


def busy(description: JsonObject) -> Iterator[str]:
    """The changes that DynamoDB is making to a table, in the terms of DescribeTable."""
    if description.get("TableStatus") != "ACTIVE":
        yield f"TableStatus {description.get('TableStatus')}"
    encryption = get_object(description, "SSEDescription").get("Status")
    if encryption in ("ENABLING", "DISABLING", "UPDATING"):
        yield f"SSEDescription {encryption}"
    warm_throughput = get_object(description, "WarmThroughput").get("Status")
    if warm_throughput not in (None, "ACTIVE"):
        yield f"WarmThroughput {warm_throughput}"
    yield from _busy_indexes(description)
    for index in _indexes(description):
        warm_throughput = get_object(index, "WarmThroughput").get("Status")
        if warm_throughput not in (None, "ACTIVE"):
            yield f"WarmThroughput of {index.get('IndexName')} {warm_throughput}"
    for replica in get_objects(description, "Replicas"):
        if replica.get("ReplicaStatus") in ("CREATING", "UPDATING", "DELETING"):
            yield f"replica in {replica.get('RegionName')} {replica.get('ReplicaStatus')}"


def _busy_indexes(description: JsonObject) -> Iterator[str]:
    for index in _indexes(description):
        if index.get("IndexStatus") not in (None, "ACTIVE"):
            yield f"index {index.get('IndexName')} {index.get('IndexStatus')}"


def _indexes(description: JsonObject) -> Iterator[JsonObject]:
    yield from get_objects(description, "GlobalSecondaryIndexes")
    yield from get_objects(description, "VectorIndexes")
