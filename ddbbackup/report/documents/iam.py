"""IAM policies as JSON: all of a plan in one document, or one role's just as IAM takes it."""

from __future__ import annotations

import json
from typing import Final

from ddbbackup.errors import UsageError
from ddbbackup.iam import Policies
from ddbbackup.report.renderers.json_documents import document

ALL: Final = "all"


def render(policies: Policies, role: str) -> str:
    """Raises ``UsageError`` for a role that the plan has no work for."""
    if role == ALL:
        return document(**policies.members())
    if role not in policies.roles:
        raise UsageError(
            f"the plan {policies.plan} has no work for a role {role!r}",
            hint=f"choose one of: {', '.join([ALL, *policies.roles])}",
        )
    return json.dumps(policies.roles[role], indent=2) + "\n"
