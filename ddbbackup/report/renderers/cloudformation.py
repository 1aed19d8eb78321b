"""A CloudFormation template in JSON, for the result of ``doctor --iam``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ddbbackup.iam.trust import SESSION_SECONDS

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.policies import PlanPolicies, Role


def render(document: Document) -> str:
    match document.schema:
        case "policies":
            return json.dumps(_template(document), indent=2, ensure_ascii=False) + "\n"
        case "error":
            return ""  # stderr says it; a template without resources would remove those that exist
        case _:
            raise TypeError(f"{document.schema} has no CloudFormation form")


def _template(document: PlanPolicies) -> dict[str, Any]:
    """What CloudFormation cannot deploy in this account is in ``Metadata``."""
    other = {
        "AssumedRoles": document.assumed_roles,
        "BucketPolicies": document.bucket_policies,
        "Notes": document.notes,
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Written by ddbbackup doctor --iam. Deploy it with CAPABILITY_NAMED_IAM.",
        "Metadata": {f"ddbbackup{name}": value for name, value in other.items() if value},
        "Resources": {
            name: resource for role, each in document.roles.items() for name, resource in _role(role, each)
        },
    }


def _role(role: str, each: Role) -> Iterator[tuple[str, dict[str, Any]]]:
    logical_id = role.title()
    roles: dict[str, Any] = {}
    if each.trust is not None:
        roles = {"Roles": [{"Ref": f"{logical_id}Role"}]}
        properties = {
            "RoleName": each.name,
            "MaxSessionDuration": SESSION_SECONDS,
            "AssumeRolePolicyDocument": each.trust,
        }
        yield f"{logical_id}Role", {"Type": "AWS::IAM::Role", "Properties": properties}
    for number, policy in enumerate(each.policies, 1):
        properties = {"ManagedPolicyName": each.policy_name(number), "PolicyDocument": policy, **roles}
        suffix = "" if len(each.policies) == 1 else str(number)
        yield f"{logical_id}Policy{suffix}", {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
