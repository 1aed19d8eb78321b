"""Least-privilege IAM policies for one plan, from the permissions that the code declares. Pure."""

from ddbbackup.iam.document import Policies, policies_of
from ddbbackup.iam.resources import PlaceOfPlan

__all__ = ["PlaceOfPlan", "Policies", "policies_of"]
