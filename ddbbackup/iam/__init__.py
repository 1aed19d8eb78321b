"""The least that IAM has to allow for one plan, made of what the steps declare beside their code. Pure."""

from ddbbackup.iam.document import Policies, policies_of
from ddbbackup.iam.resources import PlaceOfPlan

__all__ = ["PlaceOfPlan", "Policies", "policies_of"]
