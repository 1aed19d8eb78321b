"""UpdateTable with the rules of AWS, which moto does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.core.responses import ActionResult
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.kms.models import kms_backends

from ddbbackup.sandbox import moto_tables
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.index_rules import check_index_updates
from ddbbackup.sandbox.moto_tables import (
    aws_error,
    indexes_being_added,
    is_allocating,
    keep_warm,
    running_changes,
    table_state,
)
from ddbbackup.sandbox.replica_rules import check_replica, check_stream, check_write_scaling, created_replica
from ddbbackup.sandbox.sandbox_clock import CLOCK
from ddbbackup.sandbox.update_rules import (
    check_alone,
    check_class,
    check_cooldown,
    check_encryption,
    check_warm,
)

_OURS: Final = ("SSESpecification", "TableClass", "OnDemandThroughput", "ReplicaUpdates")
_ORIGINAL: Final[Any] = DynamoHandler.update_table


def install() -> None:
    """Replaces moto's handler."""
    setattr(DynamoHandler, "update_table", _update_table)  # noqa: B010 - mypy rejects an assignment to a method


def _update_table(handler: DynamoHandler) -> Any:
    request = handler.body
    table = handler.dynamodb_backend.get_table(request["TableName"])
    try:
        _check(table, request)
    except AwsError as error:
        raise aws_error(error.code, error.message) from error
    changes = [name for name in request if name not in ("TableName", "AttributeDefinitions")]
    _change_what_moto_lacks(table, request)
    if not changes or any(name not in _OURS for name in changes):
        _ORIGINAL(handler)
    keep_warm(table)
    return ActionResult(table.describe())


def _check(table: Table, request: dict[str, Any]) -> None:
    """Raises ``AwsError`` for a change that AWS refuses."""
    state, now = table_state(table), CLOCK.now()
    check_alone(request)
    if running_changes(state) or (is_allocating(table) and "GlobalSecondaryIndexUpdates" not in request):
        raise AwsError(
            "ResourceInUseException", f"Attempt to change a resource which is still in use: {table.name}"
        )
    protected = request.get("DeletionProtectionEnabled")
    if protected is not None and protected != table.deletion_protection_enabled:
        what = f"Deletion protection setting for table {table.name}"
        check_cooldown(what, state.protection_changed, now)
        state.protection_changed = now
    if "TableClass" in request and request["TableClass"] != (state.table_class or "STANDARD"):
        check_class(state.class_changes, now)
        state.class_changes.append(now)
    if "SSESpecification" in request:
        _check_encryption(table, request["SSESpecification"], now)
    if "WarmThroughput" in request:
        request["WarmThroughput"] = check_warm(request["WarmThroughput"], table.warm_throughput, "table")
    if "StreamSpecification" in request:
        check_stream(
            request["StreamSpecification"],
            enabled=bool((table.stream_specification or {}).get("StreamEnabled")),
            has_replicas=bool(state.replicas),
            table=table.name,
        )
    if "GlobalSecondaryIndexUpdates" in request:
        _check_indexes(table, request)
    if "ReplicaUpdates" in request:
        created = created_replica(request["ReplicaUpdates"], existing=state.replicas)
        if created is not None:
            _check_replica(table, created)


def _check_encryption(table: Table, specification: Mapping[str, Any], now: float) -> None:
    current = (table.sse_specification or {}).get("KMSMasterKeyId")
    if current is not None and specification.get("KMSMasterKeyId") == current:
        raise AwsError(
            "ValidationException",
            "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use "
            "KMSMasterKeyId parameter if you want to change Master Key",
        )
    check_encryption(table_state(table).key_changes, now)
    table_state(table).key_changes.append(now)


def _check_indexes(table: Table, request: dict[str, Any]) -> None:
    updates = request["GlobalSecondaryIndexUpdates"]
    indexes = {index.name: index for index in table.global_indexes}
    check_index_updates(updates, existing=indexes, under_way=indexes_being_added(table), table=table.name)
    created = [update["Create"] for update in updates if "Create" in update]
    if created:
        _define_attributes(table, created, request)
    for update in updates:
        change = update.get("Update") or {}
        if "WarmThroughput" in change:
            name = change["IndexName"]
            current = indexes[name].warm_throughput
            change["WarmThroughput"] = check_warm(change["WarmThroughput"], current, f"index {name}")


def _define_attributes(table: Table, created: list[dict[str, Any]], request: dict[str, Any]) -> None:
    """UpdateTable needs the definitions of the new keys only. moto replaces all definitions by those."""
    known = {each["AttributeName"]: each for each in table.attr}
    given = {each["AttributeName"]: each for each in request.get("AttributeDefinitions") or ()}
    keys = [key["AttributeName"] for index in created for key in index["KeySchema"]]
    if missing := [key for key in keys if key not in given and key not in known]:
        raise AwsError(
            "ValidationException", f"The sandbox: {', '.join(missing)} is not in AttributeDefinitions"
        )
    if conflicting := [name for name, each in given.items() if name in known and known[name] != each]:
        raise AwsError(
            "ValidationException", f"The sandbox: {', '.join(conflicting)} is defined with another type"
        )
    added = {name: each for name, each in given.items() if name in keys}
    request["AttributeDefinitions"] = list({**known, **added}.values())


def _check_replica(table: Table, create: Mapping[str, Any]) -> None:
    region, account = table.region_name, table.account_id
    check_replica(
        create,
        region=region,
        tables_there=dynamodb_backends[account][create["RegionName"]].tables,
        table=table.name,
        key=_key_manager(table),
    )
    if table.billing_mode != "PAY_PER_REQUEST":
        check_write_scaling(
            table=_scales(table, f"table/{table.name}", "table"),
            indexes={
                index.name: _scales(table, f"table/{table.name}/index/{index.name}", "index")
                for index in table.global_indexes
            },
        )


def _key_manager(table: Table) -> str | None:
    key = (table.sse_specification or {}).get("KMSMasterKeyId")
    if key is None or not (table.sse_specification or {}).get("Enabled"):
        return None
    described = kms_backends[table.account_id][table.region_name].describe_key(key)
    return "aws" if described.key_manager == "AWS" else "customer"


def _scales(table: Table, resource: str, kind: str) -> bool:
    backend = applicationautoscaling_backends[table.account_id][table.region_name]
    dimension = f"dynamodb:{kind}:WriteCapacityUnits"
    return resource in backend.targets.get(dimension, {}) and any(
        (policy.resource_id, policy.scalable_dimension) == (resource, dimension)
        for policy in backend.policies.values()
    )


def _change_what_moto_lacks(table: Table, request: Mapping[str, Any]) -> None:
    state, now = table_state(table), CLOCK.now()
    created = [
        each["Create"] for each in request.get("GlobalSecondaryIndexUpdates") or () if "Create" in each
    ]
    if not created:
        running = [name for name in request if name not in ("TableName", "AttributeDefinitions")]
        state.busy = dict.fromkeys(running, now + moto_tables.UPDATE_SECONDS)
    if "TableClass" in request:
        state.table_class = request["TableClass"]
    if "OnDemandThroughput" in request:
        state.limits[None] = request["OnDemandThroughput"]
    if "SSESpecification" in request:
        _encrypt(table, request["SSESpecification"])
    for index in created:
        state.indexing[index["IndexName"]] = now + moto_tables.INDEX_SECONDS
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        change = update.get("Update") or update.get("Create") or {}
        if "OnDemandThroughput" in change:
            state.limits[change["IndexName"]] = change["OnDemandThroughput"]
    for update in request.get("ReplicaUpdates") or ():
        if "Delete" in update:
            del state.replicas[update["Delete"]["RegionName"]]
        else:
            _replicate(table, update["Create"])


def _encrypt(table: Table, specification: Mapping[str, Any]) -> None:
    table.sse_specification = dict(specification)
    if specification.get("Enabled") and "KMSMasterKeyId" not in specification:
        key = table._get_default_encryption_key(table.account_id, table.region_name)
        table.sse_specification["KMSMasterKeyId"] = key


def _replicate(table: Table, create: Mapping[str, Any]) -> None:
    """DynamoDB enables the stream itself, and keeps one that is enabled (observed on AWS)."""
    replica = {name: value for name, value in create.items() if name != "TableClassOverride"}
    if "TableClassOverride" in create:
        replica["ReplicaTableClassSummary"] = {"TableClass": create["TableClassOverride"]}
    table_state(table).replicas[create["RegionName"]] = replica
    if not (table.stream_specification or {}).get("StreamEnabled"):
        table.set_stream_specification({"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
