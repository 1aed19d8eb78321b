"""The result of ``doctor --iam``: the least IAM policies that a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from ddbbackup.iam import Policies

Policy = Mapping[str, Any]
"""An IAM policy document: ``{"Version": "2012-10-17", "Statement": [...]}``."""


@dataclass(frozen=True, slots=True)
class PlanPolicies:
    """``schemas/policies.schema.json``: policies by role name, by role ARN and by bucket."""

    schema: ClassVar[Literal["policies"]] = "policies"

    plan: str
    account: str
    region: str
    roles: Mapping[str, Policy]
    assumed_roles: Mapping[str, Policy]
    bucket_policies: Mapping[str, Policy]
    notes: tuple[str, ...]


def plan_policies(policies: Policies) -> PlanPolicies:
    return PlanPolicies(
        plan=policies.plan,
        account=policies.place.account,
        region=policies.place.region,
        roles=policies.roles,
        assumed_roles=policies.assumed_roles,
        bucket_policies=policies.buckets,
        notes=policies.notes,
    )
