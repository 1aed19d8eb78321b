"""The result of ``doctor --iam``: the least IAM policies that a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ddbbackup.iam.sizes import characters

if TYPE_CHECKING:
    from ddbbackup.iam import Policies, RolePolicies

Policy = Mapping[str, Any]
"""An IAM policy document: ``{"Version": "2012-10-17", "Statement": [...]}``."""
_LONGEST_PLAN = 46  # a role's name has up to 64 characters (IAM guide: quotas)


@dataclass(frozen=True, slots=True)
class Role:
    """One role. ``characters`` are the sizes of the policies as IAM counts them; ``trust`` is its trust policy."""

    name: str
    policies: tuple[Policy, ...]
    characters: tuple[int, ...]
    trust: Policy | None

    def policy_name(self, number: int) -> str:
        """Of the policy with this number, from 1."""
        return self.name if len(self.policies) == 1 else f"{self.name}-{number}"


@dataclass(frozen=True, slots=True)
class PlanPolicies:
    """``schemas/policies.schema.json``: roles by their names in the program, policies by role ARN and by bucket."""

    schema: ClassVar[Literal["policies"]] = "policies"

    plan: str
    account: str
    region: str
    roles: Mapping[str, Role]
    assumed_roles: Mapping[str, tuple[Policy, ...]]
    bucket_policies: Mapping[str, Policy]
    notes: tuple[str, ...]


def plan_policies(policies: Policies) -> PlanPolicies:
    return PlanPolicies(
        plan=policies.plan,
        account=policies.place.account,
        region=policies.place.region,
        roles={role: _role(policies.plan, role, each) for role, each in policies.roles.items()},
        assumed_roles=policies.assumed_roles,
        bucket_policies=policies.buckets,
        notes=policies.notes,
    )


def _role(plan: str, role: str, found: RolePolicies) -> Role:
    name = f"ddbbackup-{plan[:_LONGEST_PLAN]}-{role}"
    return Role(name, found.policies, tuple(map(characters, found.policies)), found.trust)
