"""Least-privilege IAM policies for one plan, from the permissions that the code declares. Pure."""

from ddbbackup.iam.document import Policies, RolePolicies, policies_of
from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.iam.trust import Trust, parse_trust

__all__ = ["PlaceOfPlan", "Policies", "RolePolicies", "Trust", "parse_trust", "policies_of"]
