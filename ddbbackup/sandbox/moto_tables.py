"""Members of table descriptions that moto lacks, and rules of UpdateTable.

Where a rule was observed on AWS but its error message was not, the message begins with "The sandbox".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.kms.models import kms_backends

UPDATE_SECONDS: Final = 0.2
# Changes that UpdateTable accepts only alone (observed on AWS).
_ALONE: Final = (
    "DeletionProtectionEnabled",
    "SSESpecification",
    "TableClass",
    "WarmThroughput",
    "ReplicaUpdates",
)
_OURS: Final = ("SSESpecification", "TableClass", "OnDemandThroughput", "ReplicaUpdates")
_BUSY: Final = "UPDATING"
_DEFAULT_KEY: Final = Table._get_default_encryption_key
_ORIGINALS: Final[dict[str, Any]] = {
    name: getattr(DynamoHandler, name) for name in ("create_table", "update_table", "delete_table")
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
    ttl_changed: float = 0.0


def table_state(table: Table) -> TableState:
    if not hasattr(table, "ddbbackup"):
        table.ddbbackup = TableState()  # type: ignore[attr-defined]
    result: TableState = table.ddbbackup  # type: ignore[attr-defined]
    return result


def install() -> None:
    """Replaces moto's handlers, and extends its table descriptions."""
    for name, handler in {
        "create_table": _create_table,
        "update_table": _update_table,
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
    state.vectors = list(request.get("VectorIndexes") or ())
    holders = [
        (None, request),
        *((index["IndexName"], index) for index in request.get("GlobalSecondaryIndexes") or ()),
    ]
    state.limits = {name: h["OnDemandThroughput"] for name, h in holders if h.get("OnDemandThroughput")}
    return response


def _update_table(handler: DynamoHandler) -> Any:
    request = handler.body
    table = handler.dynamodb_backend.get_table(request["TableName"])
    changes = [name for name in request if name != "TableName"]
    if len(changes) > 1 and any(name in _ALONE for name in changes):
        raise aws_error(
            "ValidationException", f"The sandbox: {', '.join(changes)} must be changed one at a time"
        )
    if request.get("OnDemandThroughput") == {}:
        raise aws_error("InternalServerError", "The sandbox: an empty OnDemandThroughput causes HTTP 500")
    state, now = table_state(table), time.time()
    if _running_changes(state):
        raise aws_error(
            "ResourceInUseException", f"Attempt to change a resource which is still in use: {table.name}"
        )
    state.busy = dict.fromkeys(changes, now + UPDATE_SECONDS)
    if "TableClass" in request:
        state.table_class = request["TableClass"]
    if "OnDemandThroughput" in request:
        state.limits[None] = request["OnDemandThroughput"]
    if "SSESpecification" in request:
        _encrypt(table, request["SSESpecification"])
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        change = update.get("Update") or {}
        if "OnDemandThroughput" in change:
            state.limits[change["IndexName"]] = change["OnDemandThroughput"]
    for update in request.get("ReplicaUpdates") or ():
        _replicate(table, update["Create"])
    if changes and all(name in _OURS for name in changes):
        return ActionResult(table.describe())
    return _ORIGINALS["update_table"](handler)


def _encrypt(table: Table, specification: Mapping[str, Any]) -> None:
    table.sse_specification = dict(specification)
    if "KMSMasterKeyId" not in specification:
        key = table._get_default_encryption_key(table.account_id, table.region_name)
        table.sse_specification["KMSMasterKeyId"] = key


def _replicate(table: Table, create: Mapping[str, Any]) -> None:
    region = create["RegionName"]
    if table.name in dynamodb_backends[table.account_id][region].tables:
        raise aws_error("ValidationException", f"The sandbox: {table.name} already exists in {region}")
    replica = {name: value for name, value in create.items() if name != "TableClassOverride"}
    if "TableClassOverride" in create:
        replica["ReplicaTableClassSummary"] = {"TableClass": create["TableClassOverride"]}
    table_state(table).replicas[region] = replica


def _default_key(table: Table, account_id: str, region: str) -> str:
    """The key aws/dynamodb. AWS manages it, moto describes it as a customer managed key."""
    arn: str = _DEFAULT_KEY(table, account_id, region)
    kms_backends[account_id][region].describe_key(arn).key_manager = "AWS"
    return arn


def _delete_table(handler: DynamoHandler) -> Any:
    """Deletes also the policies of the table and of its streams."""
    backend, name = handler.dynamodb_backend, handler.body["TableName"]
    arn = backend.get_table(name).table_arn
    result = _ORIGINALS["delete_table"](handler)
    for key in [key for key in backend.resource_policies if key == arn or key.startswith(f"{arn}/")]:
        del backend.resource_policies[key]
    return result


def _described(table: Table, description: Mapping[str, Any]) -> dict[str, Any]:
    state = table_state(table)
    busy = _running_changes(state)
    result: dict[str, Any] = {}
    if state.table_class:
        result["TableClassSummary"] = {"TableClass": state.table_class}
    if None in state.limits:
        result["OnDemandThroughput"] = state.limits[None]
    if state.vectors:
        result["VectorIndexes"] = [{**index, "IndexStatus": "ACTIVE"} for index in state.vectors]
    result["GlobalSecondaryIndexes"] = [
        {**index, **({"OnDemandThroughput": state.limits[name]} if name in state.limits else {})}
        for index in description["GlobalSecondaryIndexes"]
        for name in [index["IndexName"]]
    ]
    if state.replicas:
        status = "CREATING" if "ReplicaUpdates" in busy else "ACTIVE"
        result["Replicas"] = [{**each, "ReplicaStatus": status} for each in state.replicas.values()]
        result["GlobalTableVersion"] = "2019.11.21"
    # During these two changes TableStatus is ACTIVE (observed on AWS).
    if "WarmThroughput" in busy:
        result["WarmThroughput"] = {**description["WarmThroughput"], "Status": _BUSY}
    if "SSESpecification" in busy:
        result["SSEDescription"] = {**description["SSEDescription"], "Status": _BUSY}
    if set(busy) - {"WarmThroughput", "SSESpecification"}:
        result["TableStatus"] = _BUSY
    return result


def _running_changes(state: TableState) -> list[str]:
    now = time.time()
    return [change for change, until in state.busy.items() if until > now]
