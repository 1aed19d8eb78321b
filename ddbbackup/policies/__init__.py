"""The least that IAM has to allow for one plan, made of what the steps declare beside their code. Pure."""

from ddbbackup.policies.declared import declared
from ddbbackup.policies.document import Policies, policies_of
from ddbbackup.policies.resources import PlaceOfPlan

__all__ = ["PlaceOfPlan", "Policies", "declared", "policies_of"]
