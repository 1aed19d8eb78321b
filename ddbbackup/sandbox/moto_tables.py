"""Gives moto's tables the members that moto lacks, and UpdateTable some of AWS's rules.

An emulation. Where a rule is known from AWS but its words are not, the words say that they are the sandbox's.
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
# Concerns of UpdateTable that must be alone (observed on AWS).
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
class Extra:
    """What moto does not keep of one table. Insights are by index, None for the table."""

    table_class: str | None = None
    limits: dict[str | None, dict[str, int]] = field(default_factory=dict)
    vectors: list[dict[str, Any]] = field(default_factory=list)
    insights: dict[str | None, str] = field(default_factory=dict)
    kinesis: dict[str, dict[str, Any]] = field(default_factory=dict)
    replicas: dict[str, dict[str, Any]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)  # what is being changed, until when
    enabling: dict[str, float] = field(default_factory=dict)  # the same, where TableStatus does not tell
    ttl_changed: float = 0.0


def extra(table: Table) -> Extra:
    if not hasattr(table, "ddbbackup"):
        table.ddbbackup = Extra()  # type: ignore[attr-defined]
    found: Extra = table.ddbbackup  # type: ignore[attr-defined]
    return found


def install() -> None:
    """From now on moto's handlers answer from here."""
    for name, ours in {
        "create_table": _create_table,
        "update_table": _update_table,
        "delete_table": _delete_table,
    }.items():
        setattr(DynamoHandler, name, ours)
    setattr(Table, "_get_default_encryption_key", _own_key)  # noqa: B010 - as below
    if not hasattr(Table.describe, "of_the_sandbox"):
        before = Table.describe

        def described(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
            said = before(table, base_key)
            said[base_key] |= _described(table, said[base_key])
            return said

        described.of_the_sandbox = True  # type: ignore[attr-defined]
        setattr(Table, "describe", described)  # noqa: B010 - mypy would take it for the bound method


def aws_error(code: str, message: str) -> DynamodbException:
    return DynamodbException(ERROR_TYPE_PREFIX + code, message)


def refuse_own_tags(tags: list[dict[str, str]]) -> None:
    if any(tag["Key"].startswith("aws:") for tag in tags):
        raise aws_error("ValidationException", "The sandbox: tags that begin with aws: are AWS's own")


def _create_table(handler: DynamoHandler) -> Any:
    wish = handler.body
    refuse_own_tags(wish.get("Tags") or [])
    made = _ORIGINALS["create_table"](handler)
    table = handler.dynamodb_backend.get_table(wish["TableName"])
    more = extra(table)
    more.table_class = wish.get("TableClass")
    more.vectors = list(wish.get("VectorIndexes") or ())
    holders = [
        (None, wish),
        *((index["IndexName"], index) for index in wish.get("GlobalSecondaryIndexes") or ()),
    ]
    more.limits = {name: h["OnDemandThroughput"] for name, h in holders if h.get("OnDemandThroughput")}
    return made


def _update_table(handler: DynamoHandler) -> Any:
    wish = handler.body
    table = handler.dynamodb_backend.get_table(wish["TableName"])
    concerns = [name for name in wish if name != "TableName"]
    if len(concerns) > 1 and any(name in _ALONE for name in concerns):
        raise aws_error("ValidationException", f"The sandbox: {', '.join(concerns)} must each be alone")
    if wish.get("OnDemandThroughput") == {}:
        raise aws_error("InternalServerError", "The sandbox: an empty OnDemandThroughput is HTTP 500")
    more, now = extra(table), time.time()
    if _still(more):
        raise aws_error(
            "ResourceInUseException", f"Attempt to change a resource which is still in use: {table.name}"
        )
    more.busy = dict.fromkeys(concerns, now + UPDATE_SECONDS)
    if "TableClass" in wish:
        more.table_class = wish["TableClass"]
    if "OnDemandThroughput" in wish:
        more.limits[None] = wish["OnDemandThroughput"]
    if "SSESpecification" in wish:
        _encrypt(table, wish["SSESpecification"])
    for update in wish.get("GlobalSecondaryIndexUpdates") or ():
        change = update.get("Update") or {}
        if "OnDemandThroughput" in change:
            more.limits[change["IndexName"]] = change["OnDemandThroughput"]
    for update in wish.get("ReplicaUpdates") or ():
        _replicate(table, update["Create"])
    if concerns and all(name in _OURS for name in concerns):
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
        raise aws_error("ValidationException", f"The sandbox: {table.name} exists in {region} already")
    replica = {name: value for name, value in create.items() if name != "TableClassOverride"}
    if "TableClassOverride" in create:
        replica["ReplicaTableClassSummary"] = {"TableClass": create["TableClassOverride"]}
    extra(table).replicas[region] = replica


def _own_key(table: Table, account_id: str, region: str) -> str:
    """aws/dynamodb, which AWS manages; moto takes it for a customer's."""
    arn: str = _DEFAULT_KEY(table, account_id, region)
    kms_backends[account_id][region].describe_key(arn).key_manager = "AWS"
    return arn


def _delete_table(handler: DynamoHandler) -> Any:
    """A table's policies, and those of its streams, go with it."""
    backend, name = handler.dynamodb_backend, handler.body["TableName"]
    arn = backend.get_table(name).table_arn
    done = _ORIGINALS["delete_table"](handler)
    for key in [key for key in backend.resource_policies if key == arn or key.startswith(f"{arn}/")]:
        del backend.resource_policies[key]
    return done


def _described(table: Table, said: Mapping[str, Any]) -> dict[str, Any]:
    more = extra(table)
    busy = _still(more)
    found: dict[str, Any] = {}
    if more.table_class:
        found["TableClassSummary"] = {"TableClass": more.table_class}
    if None in more.limits:
        found["OnDemandThroughput"] = more.limits[None]
    if more.vectors:
        found["VectorIndexes"] = [{**index, "IndexStatus": "ACTIVE"} for index in more.vectors]
    found["GlobalSecondaryIndexes"] = [
        {**index, **({"OnDemandThroughput": more.limits[name]} if name in more.limits else {})}
        for index in said["GlobalSecondaryIndexes"]
        for name in [index["IndexName"]]
    ]
    if more.replicas:
        status = "CREATING" if "ReplicaUpdates" in busy else "ACTIVE"
        found["Replicas"] = [{**each, "ReplicaStatus": status} for each in more.replicas.values()]
        found["GlobalTableVersion"] = "2019.11.21"
    # These two go on while TableStatus says ACTIVE (observed on AWS).
    if "WarmThroughput" in busy:
        found["WarmThroughput"] = {**said["WarmThroughput"], "Status": _BUSY}
    if "SSESpecification" in busy:
        found["SSEDescription"] = {**said["SSEDescription"], "Status": _BUSY}
    if set(busy) - {"WarmThroughput", "SSESpecification"}:
        found["TableStatus"] = _BUSY
    return found


def _still(more: Extra) -> list[str]:
    now = time.time()
    return [concern for concern, until in more.busy.items() if until > now]
