"""The IAM permissions that steps need. Each module that calls AWS declares ``PERMISSIONS`` beside its code.

``doctor --iam`` builds policies from them. A test records the AWS calls of every step and fails if the declared
permissions are too few or too many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.restore_from import FromCatalog, FromExport

RoleName = Literal["backup", "restore", "verify", "prune", "read"]
"""The role that runs ``backup`` and ``wait``; ``restore`` and ``diff``; ``verify``, ``find`` and ``dump``, which read
the data of every table of the plan, whether or not it has ``restores``; ``prune``; or, as a pipeline of pull requests
does, only verbs that read (``preview``, ``status``, ``list``, ``report``, ``doctor``)."""

On = Literal[
    "everything",  # `*`, for actions that accept no resource
    "table",  # the tables that the plan backs up
    "index",  # their indexes: table/T/index/*
    "stream",  # their streams: table/T/stream/*
    "table-key",  # the KMS keys that encrypt them
    "table-key-use",  # the same keys, only in requests that DynamoDB makes for the caller
    "export",  # their exports: table/T/export/*
    "snapshot",  # their on-demand backups: table/T/backup/*
    "target",  # the tables that restores write to
    "target-everything",  # `*` in their account, for actions that accept no resource
    "target-index",  # their indexes: table/T/index/*
    "target-stream",  # their streams: table/T/stream/*
    "target-key",  # the KMS keys that encrypt them
    "target-key-use",  # the same keys, only in requests that DynamoDB makes for the caller
    "replica",  # their replicas, tables of the same name in any region
    "replica-key-use",  # the KMS keys of the replicas, only in requests that DynamoDB makes for the caller
    "kinesis-stream",  # the Kinesis streams that receive their changes
    "scaling-alarm",  # the CloudWatch alarms of their auto scaling
    "scaling-role",  # the service-linked role of Application Auto Scaling for DynamoDB
    "replication-role",  # the service-linked role of global tables
    "kinesis-role",  # the service-linked role that writes to Kinesis streams
    "insights-role",  # the service-linked role of Contributor Insights
    "import",  # imports into them: table/T/import/*
    "bucket",  # the destination's bucket itself
    "manifest",  # the manifests of exports in it
    "object",  # the objects below the destination's prefix
    "restore-state",  # in the vault: how far restores into these tables have come
    "record",  # of these, only the records of the plan
    "any-object",  # the objects of every table with backups, including tables that the plan no longer selects
    "any-record",  # of these, only the records of the plan
    "key",  # the destination's KMS key
    "import-log",  # the log group of imports in CloudWatch Logs, /aws-dynamodb/imports
]


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the plan: as text for the reference, and as a function."""

    words: str
    holds: Callable[[Plan], bool]


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action on one kind of resource.

    ``for_aws``: AWS makes the call with the permissions of the caller, not ddbbackup. DynamoDB, for example, writes
    the objects of an export as the caller (observed on AWS). ``note`` is for the reference.
    """

    action: str
    on: On
    roles: tuple[RoleName, ...]
    when: When | None = None
    for_aws: bool = False
    note: str = ""

    def needed_by(self, plan: Plan) -> bool:
        return self.when is None or self.when.holds(plan)


def _may_write(restore: Restore) -> bool:
    return restore.method in ("auto", "write")


def _writes_to_table(restore: Restore) -> bool:
    return _may_write(restore) or restore.method == "bulk-put"


def _may_create(restore: Restore) -> bool:
    return restore.target.create != "never" and restore.method in ("write", "auto", "bulk-put")


def _may_switch_capacity(restore: Restore) -> bool:
    provisioned = restore.target.billing_mode != "PAY_PER_REQUEST"
    return _may_create(restore) and provisioned and restore.limits.load_capacity == "on-demand"


def _may_import(restore: Restore) -> bool:
    by_auto = (
        restore.method == "auto"
        and restore.target.create != "never"
        and not restore.bounded
        and restore.existing != "mirror"
        and restore.change is None
    )
    return isinstance(restore.source, FromCatalog) and (restore.method == "import" or by_auto)


SELECTORS: Final = When(
    "an entry of `tables` has `match` or `tags`",
    lambda plan: any(entry.name is None for entry in plan.tables),
)
TAGS: Final = When(
    "an entry of `tables` has `tags`", lambda plan: any(entry.tags is not None for entry in plan.tables)
)
_EXPORTED: Final = ("export", "incremental")
EXPORTS: Final = When(
    "an entry of `tables` has `method: export` or `incremental`",
    lambda plan: any(entry.method in _EXPORTED for entry in plan.tables),
)
SNAPSHOTS: Final = When(
    "an entry of `tables` has `method: snapshot`",
    lambda plan: any(entry.method == "snapshot" for entry in plan.tables),
)
COMMON_TIME: Final = When("the plan has `export_time: common`", lambda plan: plan.export_time == "common")
PITR_ENABLE: Final = When(
    "an entry of `tables` has `pitr: enable`",
    lambda plan: any(entry.pitr == "enable" and entry.method in _EXPORTED for entry in plan.tables),
)
SCANS: Final = When(
    "an entry of `tables` has `method: scan`",
    lambda plan: any(entry.method == "scan" for entry in plan.tables),
)
KMS_KEY: Final = When(
    "a destination names a KMS key",
    lambda plan: any(d.encryption.kms_key_id is not None for d in plan.destinations.values()),
)
BY_EXPORT_ARN: Final = When(
    "a restore has `from: {export_arn: …}`",
    lambda plan: any(isinstance(restore.source, FromExport) for restore in plan.restores.values()),
)
INTO_TABLES: Final = When(
    "a restore has `method: auto`, `write` or `bulk-put`",
    lambda plan: any(map(_writes_to_table, plan.restores.values())),
)
MAY_CREATE: Final = When(
    "a restore with `method: auto`, `write` or `bulk-put` does not have `create: never`",
    lambda plan: any(map(_may_create, plan.restores.values())),
)
PUTS_ALL: Final = When(
    "a restore with `method: auto` or `write` has `existing: fail` or `overwrite`",
    lambda plan: any(
        restore.existing in ("fail", "overwrite") and restore.method in ("write", "auto")
        for restore in plan.restores.values()
    ),
)
MIRRORS: Final = When(
    "a restore has `existing: mirror`",
    lambda plan: any(restore.existing == "mirror" for restore in plan.restores.values()),
)
MUST_BE_EMPTY: Final = When(
    "a restore with `method: auto`, `write` or `bulk-put` has `existing: fail` or `create: new`",
    lambda plan: any(
        (restore.existing == "fail" or restore.target.create == "new")
        and restore.method in ("write", "auto", "bulk-put")
        for restore in plan.restores.values()
    ),
)
ADDS_INDEXES: Final = When(
    "a restore has `indexes: after-load`",
    lambda plan: any(restore.target.indexes == "after-load" for restore in plan.restores.values()),
)
SWITCHES_CAPACITY: Final = When(
    "a restore may create a provisioned table and does not have `load_capacity: as-recorded`",
    lambda plan: any(map(_may_switch_capacity, plan.restores.values())),
)
IMPORTS: Final = When(
    "a restore has `method: import`, or has `method: auto` and may create its target from a record",
    lambda plan: any(map(_may_import, plan.restores.values())),
)
IMPORTS_CHAINS: Final = When(
    "a restore has `method: import`, and an entry of `tables` has `method: incremental`",
    lambda plan: (
        any(restore.method == "import" for restore in plan.restores.values())
        and any(entry.method == "incremental" for entry in plan.tables)
    ),
)
BULK_PUTS: Final = When(
    "a restore has `method: bulk-put`",
    lambda plan: any(restore.method == "bulk-put" for restore in plan.restores.values()),
)
POINT_IN_TIME: Final = When(
    "a restore has `method: point-in-time`",
    lambda plan: any(restore.method == "point-in-time" for restore in plan.restores.values()),
)
FROM_SNAPSHOTS: Final = When(
    "a restore has `method: snapshot`",
    lambda plan: any(restore.method == "snapshot" for restore in plan.restores.values()),
)
FROM_BACKUPS: Final = When(
    "a restore has another method than `point-in-time`",
    lambda plan: any(restore.method != "point-in-time" for restore in plan.restores.values()),
)
RETENTION: Final = When(
    "an entry of `tables` has `retention`",
    lambda plan: any(entry.retention is not None for entry in plan.tables),
)
RETENTION_BY_TAGS: Final = When(
    "an entry of `tables` with `tags` has `retention`",
    lambda plan: any(entry.retention is not None and entry.tags is not None for entry in plan.tables),
)
RETENTION_WITH_KEY: Final = When(
    "an entry of `tables` has `retention`, and a destination names a KMS key",
    lambda plan: RETENTION.holds(plan) and KMS_KEY.holds(plan),
)
FROM_EXPORTS: Final = When(
    "a restore has another method than `point-in-time` and `snapshot`",
    lambda plan: any(
        restore.method not in ("point-in-time", "snapshot") for restore in plan.restores.values()
    ),
)
RESTORES_OF_MANY: Final = When(
    "a restore has `match` or `tags`",
    lambda plan: any(restore.selector is not None for restore in plan.restores.values()),
)
RESTORES: Final = When("the plan has `restores`", lambda plan: bool(plan.restores))

_KEY_ACTIONS: Final = ("Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "DescribeKey", "CreateGrant")


def use_of_key(
    on: On, roles: tuple[RoleName, ...], when: When | None = None, note: str = ""
) -> tuple[Permission, ...]:
    """What AWS does with a KMS key in the name of the caller of DynamoDB.

    The key of a table is used by every request that touches its data, and the key of the bucket by an export
    (DynamoDB guide: Encryption at rest, Key policy for a customer managed key; Requesting a table export).
    """
    return tuple(Permission(f"kms:{each}", on, roles, when, for_aws=True, note=note) for each in _KEY_ACTIONS)


CUSTOMER_KEY: Final = "only for tables that are encrypted with a customer managed key"

READ_CATALOG: Final = (
    Permission("s3:ListBucket", "bucket", ("backup", "verify", "read")),
    Permission("s3:GetObject", "any-record", ("backup", "verify", "read")),
    Permission("kms:Decrypt", "key", ("backup", "verify", "read"), KMS_KEY, for_aws=True),
)
"""For ``catalog.queries``, in every verb."""

VERIFY_DATA: Final = (
    Permission("s3:GetObject", "object", ("backup",), EXPORTS),
    Permission("s3:GetObject", "any-object", ("verify",)),
    Permission("kms:Decrypt", "key", ("backup", "verify"), KMS_KEY, for_aws=True),
)
"""For ``catalog.verification``."""
