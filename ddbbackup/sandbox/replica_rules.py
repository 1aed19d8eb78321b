"""The rules of replicas (version 2019.11.21). Messages as AWS writes them (observed on AWS)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

_INVALID: Final = "One or more parameter values were invalid:"


def created_replica(
    updates: Sequence[Mapping[str, Any]], *, existing: Collection[str]
) -> Mapping[str, Any] | None:
    """The replica that one request creates; None if it deletes one of the regions in ``existing``."""
    if len(updates) > 1:
        raise AwsError(
            "ValidationException",
            "Update table operation with more than one create or delete replica actions not allowed",
        )
    (update,) = updates
    if "Delete" in update:
        region = update["Delete"]["RegionName"]
        if region not in existing:
            raise AwsError("ValidationException", f"The sandbox: there is no replica in {region}")
        return None
    if "Create" not in update:
        raise AwsError("ValidationException", "The sandbox only creates and deletes replicas")
    created: Mapping[str, Any] = update["Create"]
    return created


def check_replica(
    create: Mapping[str, Any], *, region: str, tables_there: Collection[str], table: str, key: str | None
) -> None:
    """Raises ``AwsError`` for a replica that AWS refuses. ``key`` is ``customer``, ``aws`` (managed) or None."""
    if create["RegionName"] == region:
        raise AwsError(
            "ValidationException",
            f"{_INVALID} Cannot add or delete the local region through ReplicaUpdates",
        )
    if table in tables_there:
        raise AwsError(
            "ValidationException",
            f"The sandbox: one or more replicas already existed as tables: {table} in {create['RegionName']}",
        )
    if key == "customer" and not create.get("KMSMasterKeyId"):
        raise AwsError(
            "ValidationException", f"{_INVALID} KMSMasterKeyId must be specified for each replica."
        )
    if key != "customer" and create.get("KMSMasterKeyId"):
        raise AwsError(
            "ValidationException",
            f"{_INVALID} All replica keys must either be Customer Managed CMK or AWS Managed CMK.",
        )


def check_write_scaling(*, table: bool, indexes: Mapping[str, bool]) -> None:
    """For a provisioned table: whether the writes of the table and of each index have a scaling target and policy."""
    for what, scales in (("Table", table), *(("GSI", each) for each in indexes.values())):
        if not scales:
            raise AwsError(
                "ValidationException",
                f"{what} write capacity should either be Pay-Per-Request or AutoScaled.",
            )


def check_stream(specification: Mapping[str, Any], *, enabled: bool, has_replicas: bool, table: str) -> None:
    """Raises ``AwsError`` for a change of a stream in place, and for any change while replicas exist."""
    if specification.get("StreamEnabled"):
        if enabled:
            raise AwsError("ValidationException", f"Table already has an enabled stream: TableName: {table}")
    elif has_replicas:
        raise AwsError(
            "ValidationException", f"{_INVALID} Disabling Stream is not allowed for a Global Table replica."
        )
