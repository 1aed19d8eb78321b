"""What a step needs to be allowed: each file of ``steps/`` declares its ``PERMISSIONS`` beside its code.

``doctor --iam`` makes policies of these, and a test runs every step against a recorder of AWS calls to prove that
the declared set is neither too small nor too large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ddbbackup.plan.model import Plan, Restore

Role = Literal["backup", "restore", "verify", "prune", "read"]
"""Whose credentials: those that run ``backup`` and ``wait``; ``restore``; ``verify``; ``prune``; or those that only
look (``preview``, ``status``, ``list``, ``doctor``), as a pull request's pipeline does."""

On = Literal[
    "everything",  # actions that take no resource: `*`
    "table",  # the tables that the plan backs up
    "index",  # their indexes: table/T/index/*
    "stream",  # their streams: table/T/stream/*
    "table-key",  # the KMS keys that encrypt them
    "export",  # their exports: table/T/export/*
    "target",  # the tables that restores write into
    "target-index",  # their indexes: table/T/index/*
    "target-stream",  # their streams: table/T/stream/*
    "import",  # imports into them: table/T/import/*
    "bucket",  # the destination's bucket itself
    "manifest",  # the manifests of exports in it
    "object",  # what lies in it below the destination's prefix
    "record",  # of these only the plan's records
    "any-object",  # the same of every table that has backups, also of those that the plan no longer names
    "any-record",
    "key",  # the destination's KMS key
    "import-log",  # CloudWatch's log group of imports, /aws-dynamodb/imports
]


@dataclass(frozen=True, slots=True)
class When:
    """A permission that only some plans need: in plain words, and as a question to the plan."""

    words: str
    holds: Callable[[Plan], bool]


@dataclass(frozen=True, slots=True)
class Permission:
    """One action of IAM on one kind of resource.

    ``for_aws``: ddbbackup makes no such call itself; AWS makes it with the caller's rights (DynamoDB writes an
    export's objects as the caller: observed on AWS). ``note`` says more, for the reference.
    """

    action: str
    on: On
    roles: tuple[Role, ...]
    when: When | None = None
    for_aws: bool = False
    note: str = ""

    def needed_by(self, plan: Plan) -> bool:
        return self.when is None or self.when.holds(plan)


def _writes(restore: Restore) -> bool:
    return restore.method in ("auto", "write")


def _puts_into_a_table(restore: Restore) -> bool:
    return _writes(restore) or restore.method == "bulk-put"


def _may_import(restore: Restore) -> bool:
    recorded = restore.source.s3_uri is None and restore.source.export_arn is None
    by_auto = restore.method == "auto" and restore.target.create != "never" and not restore.bounded
    return recorded and (restore.method == "import" or by_auto)


SELECTORS: Final = When(
    "an entry of `tables` has `match` or `tags`",
    lambda plan: any(entry.name is None for entry in plan.tables),
)
TAGS: Final = When(
    "an entry of `tables` has `tags`", lambda plan: any(entry.tags is not None for entry in plan.tables)
)
COMMON_TIME: Final = When("the plan says `export_time: common`", lambda plan: plan.export_time == "common")
PITR_ENABLE: Final = When(
    "an entry says `pitr: enable`", lambda plan: any(entry.pitr == "enable" for entry in plan.tables)
)
KMS_KEY: Final = When(
    "a destination names a KMS key",
    lambda plan: any(d.encryption.kms_key_id is not None for d in plan.destinations.values()),
)
BY_EXPORT_ARN: Final = When(
    "a restore says `from: {export_arn: …}`",
    lambda plan: any(restore.source.export_arn is not None for restore in plan.restores.values()),
)
INTO_TABLES: Final = When(
    "a restore puts items into a table: by `auto`, `write` or `bulk-put`",
    lambda plan: any(map(_puts_into_a_table, plan.restores.values())),
)
MAY_CREATE: Final = When(
    "a restore by `write`, `auto` or `bulk-put` may create its target (`create: never` is not said)",
    lambda plan: any(
        restore.target.create != "never" and restore.method in ("write", "auto", "bulk-put")
        for restore in plan.restores.values()
    ),
)
KEEPS: Final = When(
    "a restore by `write` or `auto` says `existing: keep`",
    lambda plan: any(
        restore.existing == "keep" and restore.method in ("write", "auto")
        for restore in plan.restores.values()
    ),
)
PUTS_ALL: Final = When(
    "a restore by `write` or `auto` says `existing: fail` or `overwrite`",
    lambda plan: any(
        restore.existing != "keep" and restore.method in ("write", "auto")
        for restore in plan.restores.values()
    ),
)
MUST_BE_EMPTY: Final = When(
    "a restore into a table that may be there says `existing: fail` or `create: new`",
    lambda plan: any(
        (restore.existing == "fail" or restore.target.create == "new")
        and restore.method in ("write", "auto", "bulk-put")
        for restore in plan.restores.values()
    ),
)
IMPORTS: Final = When(
    "a restore says `method: import`, or leaves it to `auto` and may make its table from a record",
    lambda plan: any(map(_may_import, plan.restores.values())),
)
BULK_PUTS: Final = When(
    "a restore says `method: bulk-put`",
    lambda plan: any(restore.method == "bulk-put" for restore in plan.restores.values()),
)
BY_TIME: Final = When(
    "a restore says `method: point-in-time`",
    lambda plan: any(restore.method == "point-in-time" for restore in plan.restores.values()),
)
FROM_BACKUPS: Final = When(
    "a restore takes a backup, not the live table's past",
    lambda plan: any(restore.method != "point-in-time" for restore in plan.restores.values()),
)
RESTORES: Final = When("the plan has `restores`", lambda plan: bool(plan.restores))

READ_CATALOG: Final = (
    Permission("s3:ListBucket", "bucket", ("backup", "verify", "read")),
    Permission("s3:GetObject", "any-record", ("backup", "verify", "read")),
    Permission("kms:Decrypt", "key", ("backup", "verify", "read"), KMS_KEY, for_aws=True),
)
"""For ``catalog.queries``, by whatever verb it is asked."""

VERIFY_DATA: Final = (
    Permission("s3:GetObject", "object", ("backup",)),
    Permission("s3:GetObject", "any-object", ("verify",)),
    Permission("kms:Decrypt", "key", ("backup", "verify"), KMS_KEY, for_aws=True),
)
"""For ``catalog.verification``."""
