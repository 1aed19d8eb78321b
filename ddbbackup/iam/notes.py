"""What the policies of a plan do not cover, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ddbbackup.iam.breadth import Breadth
from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.iam.sizes import TRUST_POLICY_CHARACTERS, characters
from ddbbackup.iam.statements import Policy
from ddbbackup.iam.trust import Trust
from ddbbackup.model.arn import Arn
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.plan.model import Plan
from ddbbackup.plan.restore_from import FromExport
from ddbbackup.plan.selection import format_selector


def notes_of(plan: Plan, place: PlaceOfPlan, trusts: Sequence[Trust]) -> Iterator[str]:
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
    yield (
        "the plan does not say which KMS keys encrypt the tables: the statements `TableKeys`, `TargetKeys` and "
        "`ReplicaKeys` allow every key of the account, but only through DynamoDB; replace `key/*` by your keys, or "
        "remove these statements if no table has a customer managed key"
    )
    yield from _notes_on_keys(plan, place)
    yield from dict.fromkeys(note for trust in trusts for note in trust.notes)
    for restore in plan.restores.values():
        if isinstance(restore.source, FromExport):
            yield (
                f"the restore {restore.name} reads an export in a bucket that is not in the plan: allow s3:GetObject "
                "and s3:ListBucket on that bucket"
            )


def _notes_on_keys(plan: Plan, place: PlaceOfPlan) -> Iterator[str]:
    for destination in plan.destinations.values():
        key, owner = destination.encryption.kms_key_id, destination.bucket_owner
        arn = Arn.parse_if_arn(key) if key is not None else None
        if key is not None and arn is None and owner not in (None, place.account):
            yield (
                f"S3 looks up `{key}` in account {place.account}, not in {owner}, which owns the bucket "
                f"{destination.bucket}: use the full ARN if the key is one of {owner}"
            )
        if arn is not None and arn.account != place.account:
            yield f"the key policy of {key} must also allow the caller, because the key belongs to another account"


def notes_on_breadth(who: str, breadth: Breadth) -> Iterator[str]:
    """Where policies allow more than the plan needs, because the exact policies would exceed the limits of IAM."""
    if breadth.patterns:
        patterns = sorted(set(breadth.patterns.values()))
        shown = ", ".join(f"`{each}`" for each in patterns[:10])
        more = f" and {len(patterns) - 10} more" if len(patterns) > 10 else ""
        yield (
            f"{who} would need too many policies for {counted(len(breadth.patterns), 'exact table name')}: it is "
            f"allowed {shown}{more}, which may match tables that the plan does not select"
        )
    if breadth.every_object:
        yield (
            f"{who} may use the objects of every table below the prefixes of the destinations, because exact keys "
            "would need too many policies"
        )


def notes_on_trust(role: str, trust: Policy | None) -> Iterator[str]:
    size = characters(trust) if trust is not None else 0
    if size > TRUST_POLICY_CHARACTERS:
        yield (
            f"the trust policy of the role {role} has {grouped(size)} characters, and IAM allows "
            f"{grouped(TRUST_POLICY_CHARACTERS)} by default: raise the quota, or trust fewer issuers"
        )
