"""``docs/permissions.md``, from the permissions that each module declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.steps.permissions import On, Permission, RoleName
from tools.docs.markdown import header, table

_ROLES: Final[dict[RoleName, str]] = {
    "backup": "`backup` and `wait`",
    "restore": "`restore`",
    "verify": "`verify`",
    "prune": "`prune`",
    "read": "`preview`, `status`, `list`, `report` and `doctor`, also for pull requests; it can read no items",
}
RESOURCES: Final[dict[On, str]] = {
    "everything": "`*`: the action supports no resource",
    "table": "the tables that are backed up: `table/T`",
    "index": "`table/T/index/*`",
    "stream": "`table/T/stream/*`",
    "table-key": "the KMS keys of the account",
    "table-key-use": "the same keys, if the request comes from DynamoDB in the Region (`kms:ViaService`)",
    "export": "`table/T/export/*`",
    "snapshot": "`table/T/backup/*`",
    "target": "the target tables of restores: `table/TARGET`",
    "target-everything": "`*` in the account of the target: the action supports no resource",
    "target-index": "`table/TARGET/index/*`",
    "target-stream": "`table/TARGET/stream/*`",
    "target-key": "the KMS keys of the account of the target",
    "target-key-use": "the same keys, if the request comes from DynamoDB in the Region of the target",
    "replica": "`table/TARGET`, in any Region",
    "replica-key-use": "the KMS keys of the account in any Region, if the request comes from DynamoDB",
    "kinesis-stream": "the Kinesis streams of the account and Region of the target",
    "scaling-alarm": "the CloudWatch alarms `TargetTracking-table/TARGET*`",
    "scaling-role": "the service-linked role of `dynamodb.application-autoscaling.amazonaws.com`",
    "replication-role": "the service-linked role of `replication.dynamodb.amazonaws.com`",
    "kinesis-role": "the service-linked role of `kinesisreplication.dynamodb.amazonaws.com`",
    "insights-role": "the service-linked role of `contributorinsights.dynamodb.amazonaws.com`",
    "import": "`table/TARGET/import/*`",
    "bucket": "the bucket of the destination",
    "manifest": "`BUCKET/PREFIXAWSDynamoDB/*/manifest-*`",
    "object": "`BUCKET/PREFIX*`",
    "record": "`BUCKET/PREFIXddbbackup/PLAN/*`",
    "restore-state": "`BUCKET/PREFIXddbbackup/_restores/ACCOUNT/REGION/TARGET/state.json`",
    "any-object": "`object`, for any table",
    "any-record": "`record`, for any table",
    "key": "the KMS key of the destination",
    "import-log": "the log group `/aws-dynamodb/imports`",
}

_INTRODUCTION: Final = """\
`ddbbackup doctor --iam` prints the least-privilege IAM policies for your plan: for its tables, buckets and restores.
There is one policy per role, so that the pipeline that previews a pull request gets read access only.

```sh
ddbbackup doctor --iam                        # all roles, roles that restores assume, bucket policies
ddbbackup doctor --iam backup                 # the policy of one role, as IAM accepts it
ddbbackup doctor --iam --output terraform     # or cloudformation: policies to deploy
ddbbackup doctor --iam --trust github:acme/infra --output terraform     # with roles that a pipeline can assume
```

If the plan sets `aws.account` and `aws.region`, this makes no AWS call, so it works before the role exists.
[Give a pipeline its roles](how-to/give-a-pipeline-its-roles.md) shows the whole way.

## Size

IAM allows 6,144 characters in a managed policy, without white space, and attaches 10 of them to a role by default.
All inline policies of a role together may have 10,240. `doctor --iam` writes the size of each policy to stderr.

- Up to three policies for one role, tables are named exactly. One policy is enough for about 10 tables.
- More tables are allowed by common prefixes (`orders-*`) and at last all (`table/*`), in one policy, and objects by
  the prefix of the destination. A note names what is allowed beyond the plan.

## What AWS does in your name

DynamoDB writes the objects of an export **as the caller**. The role that runs `backup` therefore needs access to the
bucket; a bucket of another account must allow that role in its bucket policy, and the plan must set `bucket_owner`.
`sts:GetCallerIdentity`, which every verb calls, needs no permission.

A table that is encrypted with a customer managed KMS key needs its key in every request that touches its data:
exports, restores, and every read or write of items. The plan does not name these keys, so the policies allow all keys
of the account, but only in requests that DynamoDB makes (`kms:ViaService`). Replace `key/*` by your keys, or remove
the statements if no table has such a key. The key policy must allow the role, or leave the decision to IAM policies.

S3 looks up the ID or the alias of a KMS key in the account of the caller, whoever owns the bucket. For a key of
another account, write its full ARN in the plan.

Some settings make AWS create a service-linked role the first time they are used in an account. The policies allow
`iam:CreateServiceLinkedRole` for these services only.

A test runs the verbs on the sandbox, with the rules of AWS for what a call needs besides its own action: the
policies allow everything that is needed, and nothing that is not. *AWS* marks actions that AWS performs with the
permissions of the caller. The actions of bulk puts are not verified.
"""


def page() -> str:
    parts = [header("Permissions", "what each module declares"), _INTRODUCTION]
    for role, verbs in _ROLES.items():
        if rows := list(_rows(role)):
            parts.append(f"\n## {role}: {verbs}\n\n{table(('action', 'on', 'condition'), rows)}")
    parts.append(f"\n## Resources\n\n{table(('on', 'resource'), RESOURCES.items())}")
    return "".join(parts)


def _rows(role: RoleName) -> Iterator[tuple[str, str, str]]:
    """One row for each action and resource; unconditional if any module needs it unconditionally."""
    declared: dict[tuple[str, On], list[Permission]] = {}
    for permission in declared_permissions():
        if role in permission.roles:
            declared.setdefault((permission.action, permission.on), []).append(permission)
    for (action, on), permissions in sorted(declared.items()):
        conditions = [each.when.words for each in permissions if each.when is not None]
        notes = ["*AWS*"] if all(each.for_aws for each in permissions) else []
        if len(conditions) == len(permissions):
            notes.append(", or ".join(dict.fromkeys(conditions)))
        notes += dict.fromkeys(each.note for each in permissions if each.note)
        yield f"`{action}`", on, "; ".join(notes)
