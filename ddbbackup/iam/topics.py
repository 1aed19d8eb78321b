"""What telling somebody needs: publishing to the plan's SNS topics, for the roles whose runs are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ddbbackup.iam.statements import Grant
from ddbbackup.plan.model import Plan
from ddbbackup.steps.permissions import Role

_ROLES: Final[Mapping[str, Role]] = {
    "backup": "backup",
    "wait": "backup",
    "verify": "verify",
    "restore": "restore",
    "status": "read",
}


def publishing(plan: Plan, role: Role) -> Iterator[Grant]:
    """A topic with a KMS key of its own needs the rights on that key too, which the plan does not name."""
    for notification in plan.notifications:
        told = {_ROLES[verb] for verb in notification.verbs}
        if notification.channel == "sns" and role in told:
            yield Grant("sns:Publish", notification.address)
