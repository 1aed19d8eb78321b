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
    "read": "`preview`, `status`, `list` and `doctor`, also in the pipeline of a pull request; it can read no items",
}
RESOURCES: Final[dict[On, str]] = {
    "everything": "`*`: the action supports no resource",
    "table": "the tables that are backed up: `table/T`",
    "index": "`table/T/index/*`",
    "stream": "`table/T/stream/*`",
    "table-key": "the KMS keys that encrypt the tables",
    "export": "`table/T/export/*`",
    "target": "the target tables of restores: `table/TARGET`",
    "target-index": "`table/TARGET/index/*`",
    "target-stream": "`table/TARGET/stream/*`",
    "import": "`table/TARGET/import/*`",
    "bucket": "the bucket of the destination",
    "manifest": "`BUCKET/PREFIXAWSDynamoDB/*/manifest-*`",
    "object": "`BUCKET/PREFIX*`",
    "record": "`BUCKET/PREFIXddbbackup/PLAN/*`",
    "restore-state": "`BUCKET/PREFIXddbbackup/PLAN/ACCOUNT/REGION/TARGET/restores/state.json`",
    "any-object": "`object`, for any table",
    "any-record": "`record`, for any table",
    "key": "the KMS key of the destination",
    "import-log": "the log group `/aws-dynamodb/imports`",
}

_INTRODUCTION: Final = """\
`ddbbackup doctor --iam` prints the least-privilege IAM policies for your plan: for its tables, buckets and restores.
There is one policy per role, so that the pipeline that previews a pull request gets read access only.

```sh
ddbbackup doctor --iam               # all roles, roles that restores assume, bucket policies
ddbbackup doctor --iam backup        # the policy of one role, as IAM accepts it
```

If the plan sets `aws.account` and `aws.region`, this makes no AWS call, so it works before the role exists.

DynamoDB writes the objects of an export **as the caller**. The role that runs `backup` therefore needs access to the
bucket; a bucket of another account must allow that role in its bucket policy, and the plan must set `bucket_owner`.
`sts:GetCallerIdentity`, which every verb calls, needs no permission.

A test runs the verbs on the sandbox: the policies allow every call that is made, and every action that they allow is
called. *AWS* marks actions that AWS performs with the permissions of the caller, which the test cannot see. The
actions on KMS keys and those of bulk puts are not verified.
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
