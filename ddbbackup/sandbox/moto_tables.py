"""The state of tables that moto does not keep, their descriptions, and rules of CreateTable and DeleteTable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import GlobalSecondaryIndex, Table
from moto.dynamodb.responses import DynamoHandler
from moto.kms.models import kms_backends

from ddbbackup.sandbox.change_log import ChangeLog
from ddbbackup.sandbox.sandbox_clock import CLOCK
from ddbbackup.sandbox.update_rules import warm_floor

UPDATE_SECONDS: Final = 0.2
INDEX_SECONDS: Final = 0.4  # an index that is added to a table; the table is ACTIVE for the second half of it
_UPDATING: Final = "UPDATING"
_DEFAULT_KEY: Final = Table._get_default_encryption_key
_ORIGINALS: Final[dict[str, Any]] = {
    name: getattr(DynamoHandler, name) for name in ("create_table", "delete_table")
}


@dataclass(slots=True)
class TableState:
    """The state of one table that moto does not keep. Insights and limits are by index, None for the table."""

    table_class: str | None = None
    limits: dict[str | None, dict[str, int]] = field(default_factory=dict)
    vectors: list[dict[str, Any]] = field(default_factory=list)
    insights: dict[str | None, str] = field(default_factory=dict)
    kinesis: dict[str, dict[str, Any]] = field(default_factory=dict)
    replicas: dict[str, dict[str, Any]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)  # changes that are running, and when they end
    enabling: dict[str, float] = field(default_factory=dict)  # the same, not shown by TableStatus
    indexing: dict[str, float] = field(default_factory=dict)  # indexes that are being added, and until when
    filling: dict[str, float] = field(default_factory=dict)  # the same of vector indexes
    ttl_changed: float = 0.0
    protection_changed: float = 0.0
    class_changes: list[float] = field(default_factory=list)
    key_changes: list[float] = field(default_factory=list)
    changes: ChangeLog[Item] | None = None  # while point-in-time recovery is enabled


def table_state(table: Table) -> TableState:
    if not hasattr(table, "ddbbackup"):
        table.ddbbackup = TableState()  # type: ignore[attr-defined]
    result: TableState = table.ddbbackup  # type: ignore[attr-defined]
    return result


def created_at(table: Table) -> float:
    """In seconds since the epoch."""
    return float(table.created_at.replace(tzinfo=UTC).timestamp())


def install() -> None:
    """Replaces moto's handlers, and extends its table descriptions."""
    for name, handler in {
        "create_table": _create_table,
        "delete_table": _delete_table,
    }.items():
        setattr(DynamoHandler, name, handler)
    setattr(Table, "_get_default_encryption_key", _default_key)  # noqa: B010 - mypy rejects an assignment to a method
    if not hasattr(Table.describe, "of_the_sandbox"):
        before = Table.describe

        def described(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
            description = before(table, base_key)
            description[base_key] |= _described(table, description[base_key])
            return description

        described.of_the_sandbox = True  # type: ignore[attr-defined]
        setattr(Table, "describe", described)  # noqa: B010 - mypy rejects an assignment to a method


def aws_error(code: str, message: str) -> DynamodbException:
    return DynamodbException(ERROR_TYPE_PREFIX + code, message)


def refuse_reserved_tags(tags: list[dict[str, str]]) -> None:
    if any(tag["Key"].startswith("aws:") for tag in tags):
        raise aws_error("ValidationException", "The sandbox: tags that begin with aws: are reserved")


def _create_table(handler: DynamoHandler) -> Any:
    request = handler.body
    refuse_reserved_tags(request.get("Tags") or [])
    response = _ORIGINALS["create_table"](handler)
    table = handler.dynamodb_backend.get_table(request["TableName"])
    state = table_state(table)
    state.table_class = request.get("TableClass")
    holders = [
        (None, request),
        *((index["IndexName"], index) for index in request.get("GlobalSecondaryIndexes") or ()),
    ]
    state.limits = {name: h["OnDemandThroughput"] for name, h in holders if h.get("OnDemandThroughput")}
    keep_warm(table)
    add_vectors(table, request.get("VectorIndexes") or ())
    return response


def add_vectors(table: Table, vectors: Sequence[dict[str, Any]]) -> None:
    """Vector indexes of a new table, which is ACTIVE before they are."""
    state, until = table_state(table), CLOCK.now() + INDEX_SECONDS
    state.vectors = list(vectors)
    state.filling = {index["IndexName"]: until for index in vectors}


def keep_warm(table: Table) -> None:
    """Raises the warm throughput to the capacity, of the table and of its indexes."""
    holders: list[Table | GlobalSecondaryIndex] = [table, *table.global_indexes]
    for each in holders:
        each.warm_throughput |= warm_floor(each.warm_throughput, each.throughput)


def _default_key(table: Table, account_id: str, region: str) -> str:
    """The key aws/dynamodb. AWS manages it, moto describes it as a customer managed key."""
    arn: str = _DEFAULT_KEY(table, account_id, region)
    kms_backends[account_id][region].describe_key(arn).key_manager = "AWS"
    return arn


def _delete_table(handler: DynamoHandler) -> Any:
    """Deletes also the policies of the table and of its streams. Refused while an index is being added."""
    backend, name = handler.dynamodb_backend, handler.body["TableName"]
    table = backend.get_table(name)
    arn = table.table_arn
    if indexes_being_added(table):
        raise aws_error(
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: Cannot delete table while indexes are being "
            f"created, updated, or deleted: {name}",
        )
    result = _ORIGINALS["delete_table"](handler)
    for key in [key for key in backend.resource_policies if key == arn or key.startswith(f"{arn}/")]:
        del backend.resource_policies[key]
    return result


def _described(table: Table, description: Mapping[str, Any]) -> dict[str, Any]:
    state = table_state(table)
    busy, added, now = running_changes(state), indexes_being_added(table), CLOCK.now()
    result: dict[str, Any] = {}
    if state.table_class:
        result["TableClassSummary"] = {"TableClass": state.table_class}
    if None in state.limits:
        result["OnDemandThroughput"] = state.limits[None]
    if state.vectors:
        result["VectorIndexes"] = [
            {
                **index,
                "IndexStatus": "CREATING" if state.filling.get(index["IndexName"], 0.0) > now else "ACTIVE",
            }
            for index in state.vectors
        ]
    result["GlobalSecondaryIndexes"] = [
        {
            **index,
            **({"OnDemandThroughput": state.limits[name]} if name in state.limits else {}),
            **({"IndexStatus": "CREATING", "Backfilling": _allocated(state, name)} if name in added else {}),
        }
        for index in description["GlobalSecondaryIndexes"]
        for name in [index["IndexName"]]
    ]
    if state.replicas:
        status = "CREATING" if "ReplicaUpdates" in busy else "ACTIVE"
        result["Replicas"] = [{**each, "ReplicaStatus": status} for each in state.replicas.values()]
        result["GlobalTableVersion"] = "2019.11.21"
    # During these two changes TableStatus is ACTIVE (observed on AWS).
    if "WarmThroughput" in busy:
        result["WarmThroughput"] = {**description["WarmThroughput"], "Status": _UPDATING}
    if "SSESpecification" in busy:
        result["SSEDescription"] = {**description.get("SSEDescription", {}), "Status": _UPDATING}
    if is_allocating(table) or set(busy) - {"WarmThroughput", "SSESpecification"}:
        result["TableStatus"] = _UPDATING
    return result


def indexes_being_added(table: Table) -> list[str]:
    now = CLOCK.now()
    return [name for name, until in table_state(table).indexing.items() if until > now]


def is_allocating(table: Table) -> bool:
    """Whether an index is being added that is not filled yet: no other change is accepted (observed on AWS)."""
    return any(not _allocated(table_state(table), name) for name in indexes_being_added(table))


def _allocated(state: TableState, index: str) -> bool:
    """While the index is filled, TableStatus is ACTIVE again (observed on AWS)."""
    return state.indexing[index] - CLOCK.now() < INDEX_SECONDS / 2


def running_changes(state: TableState) -> list[str]:
    now = CLOCK.now()
    return [change for change, until in state.busy.items() if until > now]
