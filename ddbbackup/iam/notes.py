"""What the policies of a plan do not cover, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.plan.model import Plan
from ddbbackup.plan.selection import format_selector


def notes_of(plan: Plan, place: PlaceOfPlan) -> Iterator[str]:
    """One sentence each, for people."""
    for entry in plan.tables:
        if entry.tags is not None:
            yield f"`{format_selector(entry)}` may select any table, so its actions are allowed on all tables"
        elif entry.match is not None and "[" in entry.match:
            yield (
                f"IAM has no wildcard `[…]`, so the actions for `{format_selector(entry)}` are allowed on more "
                "tables than it selects"
            )
        if entry.exclude:
            yield f"tables that `{format_selector(entry)}` excludes are not denied"
    if plan.aws.assume_role is not None:
        yield (
            f"the policies are for {plan.aws.assume_role.role_arn}: allow the caller of ddbbackup sts:AssumeRole on "
            "it"
        )
    other_accounts = [d for d in plan.destinations.values() if d.bucket_owner not in (None, place.account)]
    if other_accounts and plan.aws.assume_role is None:
        yield "the bucket policies allow the whole account: replace it by the role that runs ddbbackup"
    if any(d.encryption.kms_key_id is not None for d in plan.destinations.values()):
        yield (
            "a KMS key of another account must also allow the caller in its key policy; which actions on the key "
            "DynamoDB needs for an export could not be verified"
        )
    for restore in plan.restores.values():
        if restore.source.export_arn is not None:
            yield (
                f"the restore {restore.name} reads an export in a bucket that is not in the plan: allow s3:GetObject "
                "and s3:ListBucket on that bucket"
            )
