"""What a policy cannot say, or what has to be done besides, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.plan.model import Plan
from ddbbackup.plan.selection import format_selector


def notes_of(plan: Plan, place: PlaceOfPlan) -> Iterator[str]:
    for entry in plan.tables:
        if entry.tags is not None:
            yield f"`{format_selector(entry)}` may choose any table, so its actions are allowed on every table"
        elif entry.match is not None and "[" in entry.match:
            yield f"IAM knows no `[…]`, so `{format_selector(entry)}` is allowed a little more than it matches"
        if entry.exclude:
            yield f"what `{format_selector(entry)}` excludes is not denied"
    if plan.aws.assume_role is not None:
        yield (
            f"the policies are for {plan.aws.assume_role.role_arn}, and whoever runs ddbbackup has to be allowed "
            "sts:AssumeRole on it"
        )
    foreign = [d for d in plan.destinations.values() if d.bucket_owner not in (None, place.account)]
    if foreign and plan.aws.assume_role is None:
        yield "the bucket policies allow the whole account: name the role that runs ddbbackup in its place"
    if any(d.encryption.kms_key_id is not None for d in plan.destinations.values()):
        yield (
            "a KMS key of another account has to allow the caller in its own key policy too; which actions DynamoDB "
            "needs on the key for an export could not be verified"
        )
    for restore in plan.restores.values():
        if restore.source.export_arn is not None:
            yield (
                f"the restore {restore.name} reads an export whose bucket the plan does not name: "
                "allow s3:GetObject and s3:ListBucket there"
            )
