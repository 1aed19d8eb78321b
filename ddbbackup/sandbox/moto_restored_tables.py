"""What RestoreTableToPointInTime and RestoreTableFromBackup share: the new table, and what it does not get."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.moto_changes import fill
from ddbbackup.sandbox.moto_jobs import overlay
from ddbbackup.sandbox.moto_tables import table_state

QUOTA: Final = 50  # restores at a time


@dataclass(frozen=True, slots=True)
class Restorable:
    """What a restore copies: keys, indexes, billing, limits and encryption.

    Not stream, TTL, recovery, tags, deletion protection, resource policy and table class (observed on AWS).
    """

    arn: str
    schema: list[dict[str, Any]]
    attributes: list[dict[str, str]]
    billing_mode: str
    throughput: dict[str, Any]
    sse: dict[str, Any] | None
    local_indexes: list[Any]
    global_indexes: list[Any]
    limits: dict[str | None, dict[str, int]]
    vectors: list[dict[str, Any]]


def restorable(table: Table) -> Restorable:
    """A copy, which no later change of the table reaches."""
    state = table_state(table)
    return copy.deepcopy(
        Restorable(
            arn=table.table_arn,
            schema=table.schema,
            attributes=table.attr,
            billing_mode=table.billing_mode or "PROVISIONED",
            throughput=table.throughput,
            sse=table.sse_specification,
            local_indexes=table.indexes,
            global_indexes=table.global_indexes,
            limits=state.limits,
            vectors=state.vectors,
        )
    )


def check_target(backend: DynamoDBBackend, name: str) -> None:
    """Raises ``AwsError`` if the new table cannot be made."""
    if name in backend.tables:
        being_restored = overlay(backend.tables[name]).restore is not None
        code = "TableInUseException" if being_restored else "TableAlreadyExistsException"
        raise AwsError(code, f"Table already exists: {name}")
    running = sum(overlay(table).restore is not None for table in list(backend.tables.values()))
    if running >= QUOTA:
        raise AwsError("LimitExceededException", f"Only {QUOTA} restore operations can run at a time")


def make_table(
    source: Restorable,
    items: Iterable[Item],
    request: Mapping[str, Any],
    backend: DynamoDBBackend,
    summary: Mapping[str, Any],
) -> Table:
    """The new table, which stays CREATING until ``finish``. ``summary`` becomes its RestoreSummary."""
    mode = request.get("BillingModeOverride") or source.billing_mode
    table = backend.create_table(
        name=str(request["TargetTableName"]),
        schema=copy.deepcopy(source.schema),
        throughput=copy.deepcopy(source.throughput) if mode == "PROVISIONED" else None,
        attr=copy.deepcopy(source.attributes),
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode=mode,
        sse_specification=request.get("SSESpecificationOverride") or copy.deepcopy(source.sse),
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    table.indexes = copy.deepcopy(source.local_indexes)
    table.global_indexes = copy.deepcopy(source.global_indexes)
    table_state(table).limits = copy.deepcopy(source.limits)
    table_state(table).vectors = copy.deepcopy(source.vectors)
    fill(table, items)
    overlay(table).status = "CREATING"
    overlay(table).restore = {"SourceTableArn": source.arn, "RestoreInProgress": True, **summary}
    return table


def finish(table: Table) -> None:
    """After the restore, the description has no restore summary any more (observed on AWS)."""
    overlay(table).restore = None
    overlay(table).status = "ACTIVE"
