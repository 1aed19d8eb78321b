"""``docs/permissions.md``, made from what the steps declare beside their code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.steps.permissions import On, Permission, Role

_ROLES: Final[dict[Role, str]] = {
    "backup": "`backup` and `wait`",
    "restore": "`restore`",
    "verify": "`verify`",
    "prune": "`prune`",
    "read": "`preview`, `status`, `list` and `doctor`, as a pull request's pipeline runs them; it can read no item",
}
_KINDS: Final[dict[On, str]] = {
    "everything": "`*`: the action takes no resource",
    "table": "the tables that are backed up: `table/T`",
    "index": "`table/T/index/*`",
    "stream": "`table/T/stream/*`",
    "table-key": "the KMS keys that encrypt the tables",
    "export": "`table/T/export/*`",
    "target": "the tables that restores write into: `table/TARGET`",
    "target-index": "`table/TARGET/index/*`",
    "target-stream": "`table/TARGET/stream/*`",
    "import": "`table/TARGET/import/*`",
    "bucket": "the destination's bucket",
    "manifest": "`BUCKET/PREFIXAWSDynamoDB/*/manifest-*`",
    "object": "`BUCKET/PREFIX*`",
    "record": "`BUCKET/PREFIXddbbackup/PLAN/*`",
    "any-object": "`object`, whatever the table",
    "any-record": "`record`, whatever the table",
    "key": "the destination's KMS key",
    "import-log": "the log group `/aws-dynamodb/imports`",
}

HEAD: Final = """\
# Permissions

`ddbbackup doctor --iam` prints the least IAM policies for exactly your plan: its tables, buckets and restores. They
are split by what a role does, so that the pipeline that previews a pull request needs no more than to look.

```sh
ddbbackup doctor --iam               # every role, the roles that restores assume, the policies of foreign buckets
ddbbackup doctor --iam backup        # one role's policy alone, just as IAM takes it
```

With `aws.account` and `aws.region` in the plan it asks AWS nothing, so that it works before there is a role.

DynamoDB writes an export's objects **as the caller**: who runs `backup` needs the rights on the bucket too, and a
bucket of another account has to allow that principal in its own policy (say `bucket_owner` then).
`sts:GetCallerIdentity`, which every verb calls, needs no permission.

{made} from what each step declares beside its code.
A test runs the verbs on the sandbox and compares: each call has to be allowed by the plan's policy, and all that it
allows has to be called. What AWS does with the caller's rights, and so no test here can see, is marked *AWS*; the
actions on KMS keys and of bulk puts could not be verified.
"""


def permissions(made: str) -> str:
    text = HEAD.format(made=made)
    for role, who in _ROLES.items():
        rows = list(_rows(role))
        if rows:
            text += f"\n## {role}: {who}\n\n| action | on | only if |\n|---|---|---|\n{''.join(rows)}"
    kinds = "".join(f"| {kind} | {means} |\n" for kind, means in _KINDS.items())
    return f"{text}\n## Resources\n\n| on | is |\n|---|---|\n{kinds}"


def _rows(role: Role) -> Iterator[str]:
    """Each action and kind once; unconditional if any step needs it so."""
    found: dict[tuple[str, str], list[Permission]] = {}
    for permission in declared_permissions():
        if role in permission.roles:
            found.setdefault((permission.action, permission.on), []).append(permission)
    for (action, on), several in sorted(found.items()):
        conditions = [each.when.words for each in several if each.when is not None]
        said = [] if any(each.when is None for each in several) else [", or ".join(dict.fromkeys(conditions))]
        said += dict.fromkeys(each.note for each in several if each.note)
        if all(each.for_aws for each in several):
            said.insert(0, "*AWS*")
        yield f"| `{action}` | {on} | {'; '.join(said)} |\n".replace("|  |", "| |")
